/**
 * The completion scripts of the shells. Each asks the command line itself (`complete -- words…`) at every Tab and passes the
 * words on as they are: nothing that was typed is evaluated. Pure.
 */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The last line of the answer: whether names of files fit, too. */
export const FILES = ':files';
export const NO_FILES = ':no_files';

/** `command` is what to run, its parts quoted for a shell. */
export function completionScript(shell: Shell, command: string): string {
  return SCRIPTS[shell].replaceAll('@COMMAND@', () => command);
}

/** Without bash's own word breaks at `=`; bash 3.2, which macOS has, knows no compopt. */
const BASH = `_noxys_relay() {
  local word value rest files=
  local -a words=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [[ $word == '=' ]] || words+=("$word")
  done
  COMPREPLY=()
  while IFS=$'\\t' read -r value rest; do
    case $value in
      ${FILES}) files=yes ;;
      ${NO_FILES}) ;;
      *) COMPREPLY+=("$value") ;;
    esac
  done < <(@COMMAND@ complete -- "\${words[@]}" 2>/dev/null)
  [[ -n $files ]] || compopt +o default 2>/dev/null
  return 0
}
complete -o default -F _noxys_relay noxys-relay`;

const ZSH = `#compdef noxys-relay
_noxys_relay() {
  local line
  local -a lines candidates
  lines=("\${(@f)$(@COMMAND@ complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ \${lines[-1]} == ${FILES} ]]; then
    _files
    return
  fi
  for line in "\${(@)lines[1,-2]}"; do
    candidates+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe noxys-relay candidates
}
compdef _noxys_relay noxys-relay`;

const FISH = `function __noxys_relay
    set -l words (commandline -opc) (commandline -ct)
    set -l lines (@COMMAND@ complete -- $words[2..-1] 2>/dev/null)
    if test "$lines[-1]" = ${FILES}
        __fish_complete_path (commandline -ct)
    else
        printf '%s\\n' $lines[1..-2]
    end
end
complete -c noxys-relay -f -a '(__noxys_relay)'`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };

/** A part of a command line, for every one of the shells. */
export function shellQuoted(part: string): string {
  return /^[\w./:@%+-]+$/.test(part) ? part : `'${part.replaceAll("'", String.raw`'\''`)}'`;
}
