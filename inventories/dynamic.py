#!/usr/bin/env python3
"""A dynamic inventory: a program that prints its hosts. curfew runs it through ansible-inventory."""

import pathlib

print(pathlib.Path(__file__).with_name("fleet.json").read_text(encoding="utf-8"))
