#!/bin/sh
# A dynamic inventory: a program that prints its hosts as JSON when called with --list.
# curfew runs it through ansible-inventory.
exec cat "$(dirname "$0")/fleet.json"
