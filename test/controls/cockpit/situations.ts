/** Texts of cockpit.conf, and the minutes that each of cockpit's two bridges takes for IdleTimeout; 0: off. */
interface Situation {
  readonly name: string;
  readonly text: string;
  readonly c: number;
  readonly python: number;
}

export const SITUATIONS: readonly Situation[] = [
  said("nothing", "", 0),
  said("the plain line", "[Session]\nIdleTimeout=15\n", 15),
  said("blanks around it, and no final newline", "[Session]\n  IdleTimeout   =   15", 15),
  said("the key in small letters", "[Session]\nidletimeout = 15\n", 15),
  said("a unit", "[Session]\nIdleTimeout=15m\n", 0),
  said("a fraction", "[Session]\nIdleTimeout=7.5\n", 0),
  said("a comment behind it", "[Session]\nIdleTimeout=15 # minutes\n", 0),
  said("more than the most", "[Session]\nIdleTimeout=600\n", 240),
  said("0", "[Session]\nIdleTimeout=0\n", 0),
  said("less than nothing", "[Session]\nIdleTimeout=-5\n", 0),
  said("a plus", "[Session]\nIdleTimeout=+5\n", 5),
  said("nothing behind the equals sign", "[Session]\nIdleTimeout=\n", 0),
  said("another section", "[WebService]\nIdleTimeout=15\n", 0),
  said("another key", "[Session]\nIdle-Timeout=15\n", 0),
  said(
    "other settings around it",
    "# ours\n[WebService]\nOrigins = https://a:9090\n\n[Session]\nBanner=/etc/issue\nIdleTimeout=15\n",
    15,
  ),
  said("a line before any section", "IdleTimeout=15\n", 0),
  said("a section that is not closed", "[Session\nIdleTimeout=15\n", 0),
  said("a word alone", "[Session]\nIdleTimeout=15\nBanner\n", 0),
  said("the section in small letters", "[session]\nIdleTimeout=15\n", 15, 0),
  said("a blank behind the number", "[Session]\nIdleTimeout=15 \n", 0, 15),
  said("lines that end in CR LF", "[Session]\r\nIdleTimeout=15\r\n", 0, 15),
  said("a colon", "[Session]\nIdleTimeout: 15\n", 0, 15),
  said("a comment with a semicolon", "; ours\n[Session]\nIdleTimeout=15\n", 0, 15),
  said("a key with an underscore", "[Session]\nIdleTimeout=15\n[Other]\nmy_key=1\n", 0, 15),
  said(
    "the key twice, the last one counts or all is dropped",
    "[Session]\nIdleTimeout=60\nIdleTimeout=15\n",
    15,
    0,
  ),
  said("the section twice", "[Session]\nIdleTimeout=15\n[WebService]\n[Session]\nBanner=/etc/issue\n", 15, 0),
  said("DEFAULT, with the section", "[DEFAULT]\nIdleTimeout=15\n[Session]\n", 0, 15),
  said("DEFAULT, without it", "[DEFAULT]\nIdleTimeout=15\n[WebService]\n", 0),
  said("a continuation", "[Session]\nIdleTimeout=15\n  30\n", 0),
  said("an indented key behind it", "[Session]\nIdleTimeout=15\n  Banner=/etc/issue\n", 15, 0),
  said("a value on the next line", "[Session]\nIdleTimeout=\n  15\n", 0, 15),
  said("a text behind the section", "[Session] # here\nIdleTimeout=15\n", 0, 15),
  said("an indented comment behind it", "[Session]\nIdleTimeout=15\n  # Banner\nBanner=/etc/issue\n", 15),
];

function said(name: string, text: string, c: number, python = c): Situation {
  return { name, text, c, python };
}
