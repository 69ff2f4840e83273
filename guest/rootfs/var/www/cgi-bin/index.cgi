#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# "/": who answers, as one line.
printf 'Content-Type: text/plain\r\n\r\n%s\n' "$(hostname)"
