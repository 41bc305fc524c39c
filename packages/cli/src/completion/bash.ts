import { type CompletedCommand, type CompletedTopic, isTopic, type Values } from './describe-commands.ts';

/** Writes the completion script for bash. It runs on bash 3.2 too, which macOS brings. */
export function bashCompletion(topics: readonly CompletedTopic[]): string {
  const commands = topics.flatMap((topic) => topic.commands);
  return `# Completion of aries for bash.
_aries() {
  local current="\${COMP_WORDS[COMP_CWORD]}" typed="\${COMP_LINE:0:COMP_POINT}"
  local flag= command= words= values= file= last=$COMP_CWORD
  COMPREPLY=()

  # bash splits --flag=value and @file at the = and the @: look for the flag before them, and put the @ back.
  [[ $current =~ ^[=@]+$ ]] || ((last--))
  while [[ "\${COMP_WORDS[last]}" =~ ^[=@]+$ ]]; do ((last--)); done
  [[ "\${COMP_WORDS[last]}" == -* ]] && flag="\${COMP_WORDS[last]}"
  typed="\${typed##*[[:space:]]}"
  [[ $typed == --*=* ]] && typed="\${typed#*=}"
  if [[ $typed == @* ]]; then
    current=$typed
  elif [[ $current == = ]]; then
    current=
  fi

  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${topics.map(({ word }) => word).join(' ')} help --help --version' -- "$current"))
    return
  fi
  command="\${COMP_WORDS[1]}"
  case $command in
${topics
  .filter(isTopic)
  .map(
    ({ word, commands: own }) => `    ${word})
      if ((COMP_CWORD == 2)); then
        COMPREPLY=($(compgen -W '${own.map(({ words }) => words[1]).join(' ')} --help' -- "$current"))
        return
      fi
      command="$command \${COMP_WORDS[2]}"
      ;;`,
  )
  .join('\n')}
  esac

  # What the flag before the cursor takes; nothing if it is on or off.
  case "$command $flag" in
${commands.flatMap(valueCases).join('\n')}
  esac
  if [[ -z $values && $current == -* ]]; then
    case $command in
${commands.map((command) => `      '${command.words.join(' ')}') words='${flagWords(command)}' ;;`).join('\n')}
    esac
    COMPREPLY=($(compgen -W "$words --help" -- "$current"))
    return
  fi
  if [[ -z $values ]]; then
    case $command in
${commands
  .filter(({ argument }) => argument !== undefined)
  .map(({ words, argument }) => `      '${words.join(' ')}') values='${shellValues(argument!)}' ;;`)
  .join('\n')}
    esac
  fi

  local IFS=$'\\n'
  case $values in
    '' | any) ;;
    files)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$current"))
      ;;
    @files)
      [[ $current == @* ]] || return
      for file in $(compgen -f -- "\${current#@}"); do
        # A folder may go on.
        [[ -d $file ]] && file=$file/ && compopt -o nospace 2>/dev/null
        COMPREPLY+=("@$(printf %q "$file")")
      done
      ;;
    *)
      IFS=' '
      COMPREPLY=($(compgen -W "$values" -- "$current"))
      ;;
  esac
}
complete -F _aries aries
`;
}

function flagWords({ flags }: CompletedCommand): string {
  return flags.map(({ name }) => `--${name}`).join(' ');
}

function valueCases({ words, flags }: CompletedCommand): string[] {
  return flags.flatMap(({ name, char, values }) => {
    if (values === undefined) return [];
    const names = [`--${name}`, ...(char === undefined ? [] : [`-${char}`])];
    return [
      `    ${names.map((flag) => `'${words.join(' ')} ${flag}'`).join(' | ')}) values='${shellValues(values)}' ;;`,
    ];
  });
}

function shellValues(values: Values): string {
  return typeof values === 'string' ? values : values.join(' ');
}
