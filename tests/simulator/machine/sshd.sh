#!/bin/sh
# Copyright (c) 2026, h444.cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The sshd of a simulated server, as far as it can be asked: -t checks the configuration, -T prints what it says, and
# -C user=root,... lets Match blocks apply. It reads the configuration by sshd's rules: the first value of an option
# counts, Include takes its files in order, and a Match block counts above what is outside of one. The simulator asks it
# who gets in, so there is no second reading of these files.

mode='' file=/etc/ssh/sshd_config spec=''
while getopts tTGf:C:o:h:p:dDeiq4 option; do
  case $option in
    t) mode=check ;;
    T | G) mode=show ;;
    f) file=$OPTARG ;;
    C) spec="$spec,$OPTARG" ;;
    *) echo "sshd: the sshd of a simulated server takes -t, -T, -f FILE and -C SPEC." >&2; exit 255 ;;
  esac
done
if [ -z "$mode" ]; then
  echo "sshd: it runs already; systemctl reload makes it read its configuration." >&2
  exit 255
fi

LC_ALL=C exec awk -v mode="$mode" -v main="$file" -v spec="$spec" '
function fail(text) { print text | "cat 1>&2"; close("cat 1>&2"); exit_code = 255; exit 255 }

# Whether a word fits a list of patterns: root,!admin,web-*
function fits(word, list,   patterns, count, place, pattern, is_negated, found) {
  found = 0
  count = split(list, patterns, ",")
  for (place = 1; place <= count; place++) {
    pattern = patterns[place]
    is_negated = sub(/^!/, "", pattern)
    gsub(/[.+^$(){}|\[\]\\]/, "\\\\&", pattern)
    gsub(/\*/, ".*", pattern)
    gsub(/\?/, ".", pattern)
    if (word ~ ("^" pattern "$")) {
      if (is_negated) return 0
      found = 1
    }
  }
  return found
}

# Whether a Match block applies. Without -C, and by anything but user, host and address, it does not.
function matches(rest, where,   words, count, place, name, is_match) {
  count = split(rest, words, /[ \t]+/)
  if (count == 0) fail(where ": missing Match criteria")
  if (tolower(words[1]) == "all") return 1
  if (count % 2) fail(where ": Match needs a pattern for " words[count])
  is_match = spec != ""
  for (place = 1; place < count; place += 2) {
    name = tolower(words[place])
    if (name !~ /^(user|group|host|address|localaddress|localport|rdomain|invalid-user)$/)
      fail(where ": Unsupported Match attribute " words[place])
    if (name == "address") name = "addr"
    if (!(name in connection) || !fits(connection[name], words[place + 1])) is_match = 0
  }
  return is_match
}

function include(rest, depth, active, in_match,   patterns, count, place, command, file) {
  count = split(rest, patterns, /[ \t]+/)
  for (place = 1; place <= count; place++) {
    if (patterns[place] !~ /^[][A-Za-z0-9_.\/*?-]+$/) continue
    if (patterns[place] !~ /^\//) patterns[place] = "/etc/ssh/" patterns[place]
    command = "for f in " patterns[place] "; do [ -f \"$f\" ] && echo \"$f\"; done"
    while ((command | getline file) > 0) read(file, depth + 1, active, in_match)
    close(command)
  }
}

function read(file, depth, active, in_match,   line, number, shown, word, rest, where, wrong, status) {
  if (depth > 16) fail(main ": too many recursive configuration includes")
  while ((status = (getline line < file)) > 0) {
    number++
    where = file " line " number
    gsub(/\r$|^[ \t]+|[ \t]+$/, "", line)
    if (line == "" || line ~ /^#/) continue
    match(line, /^[^ \t=]+/)
    shown = substr(line, 1, RLENGTH)
    word = tolower(shown)
    rest = substr(line, RLENGTH + 1)
    sub(/^[ \t]*=?[ \t]*/, "", rest)
    sub(/(^|[ \t]+)#.*$/, "", rest)
    gsub(/"/, "", rest)
    if (word in alias) word = alias[word]
    if (!(word in known)) {
      print file ": line " number ": Bad configuration option: " shown | "cat 1>&2"
      wrong++
      continue
    }
    if (rest == "") fail(where ": no argument after keyword \"" shown "\"")
    if (in_match && word in outside) fail(where ": Directive \047" shown "\047 is not allowed within a Match block")
    if (word == "match") {
      in_match = 1
      active = matches(rest, where)
    } else if (word == "include") {
      include(rest, depth, active, in_match)
    } else {
      if (word in flags) {
        rest = tolower(rest)
        if (rest !~ ("^(" flags[word] ")$")) fail(where ": unsupported option \"" rest "\".")
      }
      if (rest == "prohibit-password") rest = "without-password"
      if (active && in_match && !(word in matched)) matched[word] = rest
      if (active && !in_match && !(word in global)) global[word] = rest
    }
  }
  if (status < 0) fail(file ": No such file or directory")
  close(file)
  if (wrong) fail(file ": terminating, " wrong " bad configuration options")
}

BEGIN {
  names = "port addressfamily listenaddress hostkey hostcertificate hostkeyagent loglevel logverbose syslogfacility" \
    " logingracetime permitrootlogin strictmodes maxauthtries maxsessions maxstartups persourcemaxstartups" \
    " persourcenetblocksize persourcepenalties persourcepenaltyexemptlist pubkeyauthentication pubkeyauthoptions" \
    " authorizedkeysfile authorizedkeyscommand authorizedkeyscommanduser authorizedprincipalsfile" \
    " authorizedprincipalscommand authorizedprincipalscommanduser trustedusercakeys revokedkeys hostbasedauthentication" \
    " hostbasedusesnamefrompacketonly hostbasedacceptedalgorithms ignorerhosts ignoreuserknownhosts" \
    " passwordauthentication permitemptypasswords kbdinteractiveauthentication authenticationmethods usepam" \
    " kerberosauthentication kerberosorlocalpasswd kerberosticketcleanup kerberosgetafstoken gssapiauthentication" \
    " gssapicleanupcredentials gssapistrictacceptorcheck gssapikeyexchange gssapistorecredentialsonrekey" \
    " gssapikexalgorithms allowagentforwarding allowtcpforwarding allowstreamlocalforwarding disableforwarding" \
    " gatewayports permitlisten permitopen permittunnel permittty permituserenvironment permituserrc x11forwarding" \
    " x11displayoffset x11uselocalhost xauthlocation printmotd printlastlog banner tcpkeepalive clientaliveinterval" \
    " clientalivecountmax compression usedns useblacklist pidfile chrootdirectory versionaddendum debianbanner" \
    " acceptenv setenv subsystem forcecommand allowusers denyusers allowgroups denygroups ciphers macs kexalgorithms" \
    " hostkeyalgorithms pubkeyacceptedalgorithms casignaturealgorithms rekeylimit ipqos fingerprinthash" \
    " exposeauthinfo streamlocalbindmask streamlocalbindunlink securitykeyprovider rdomain moduli modulifile" \
    " requiredrsasize channeltimeout unusedconnectiontimeout refuseconnection sshdsessionpath sshdauthpath include match"
  count = split(names, listed, " ")
  for (place = 1; place <= count; place++) known[listed[place]] = 1
  alias["challengeresponseauthentication"] = alias["skeyauthentication"] = "kbdinteractiveauthentication"
  alias["pubkeyacceptedkeytypes"] = "pubkeyacceptedalgorithms"
  alias["dsaauthentication"] = "pubkeyauthentication"
  count = split("pubkeyauthentication passwordauthentication kbdinteractiveauthentication permitemptypasswords usepam" \
    " strictmodes", listed, " ")
  for (place = 1; place <= count; place++) flags[listed[place]] = "yes|no"
  names = "port addressfamily listenaddress hostkey usepam strictmodes logingracetime maxstartups syslogfacility ciphers" \
    " macs kexalgorithms hostkeyalgorithms usedns printmotd pidfile tcpkeepalive compression useblacklist"
  count = split(names, listed, " ")
  for (place = 1; place <= count; place++) outside[listed[place]] = 1
  flags["permitrootlogin"] = "yes|no|prohibit-password|without-password|forced-commands-only"
  count = split(substr(spec, 2), listed, ",")
  for (place = 1; place <= count; place++)
    if (match(listed[place], /=/)) connection[substr(listed[place], 1, RSTART - 1)] = substr(listed[place], RSTART + 1)

  read(main, 0, 1, 0)
  if (mode == "check") exit 0

  defaults = "permitrootlogin=without-password;strictmodes=yes;pubkeyauthentication=yes;" \
    "passwordauthentication=yes;kbdinteractiveauthentication=yes;usepam=no;" \
    "authorizedkeysfile=.ssh/authorized_keys .ssh/authorized_keys2;authenticationmethods=any"
  count = split(defaults, listed, ";")
  for (place = 1; place <= count; place++) {
    match(listed[place], /=/)
    word = substr(listed[place], 1, RSTART - 1)
    rest = substr(listed[place], RSTART + 1)
    if (word in global) rest = global[word]
    if (word in matched) rest = matched[word]
    print word, rest
  }
}
END { exit exit_code }
'
