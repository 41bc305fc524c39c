import {
  type CompletedCommand,
  type CompletedFlag,
  type CompletedTopic,
  isTopic,
  type Values,
} from './describe-commands.ts';

/** Writes the completion script for zsh, with what each command and flag is for. */
export function zshCompletion(topics: readonly CompletedTopic[]): string {
  return `#compdef aries
# Completion of aries for zsh.

# Completes the path of a file after an @, and any other value not at all.
_aries_at_files() {
  compset -P @ && _files
}

_aries() {
  local -a choices
  if ((CURRENT == 2)); then
    choices=(
${topics.map(({ word, summary }) => `      ${quoted(`${word}:${summary}`)}`).join('\n')}
      'help:Show the help of aries or of a command'
    )
    _describe command choices
    return
  fi
  case $words[2] in
${topics.map((topic) => (isTopic(topic) ? topicCase(topic) : commandCase(topic.commands[0]!, 1))).join('\n')}
  esac
}

# The file may be sourced, or lie in a folder of $fpath.
if [[ \${funcstack[1]} == _aries ]]; then
  _aries "$@"
else
  compdef _aries aries
fi
`;
}

function topicCase({ word, commands }: CompletedTopic): string {
  return `    ${word})
      if ((CURRENT == 3)); then
        choices=(
${commands.map(({ words, summary }) => `          ${quoted(`${words[1]}:${summary}`)}`).join('\n')}
        )
        _describe command choices
        return
      fi
      case $words[3] in
${commands.map((command) => commandCase(command, 2)).join('\n')}
      esac
      ;;`;
}

// _arguments counts from the word that it takes for the command.
function commandCase({ words, flags, argument }: CompletedCommand, depth: number): string {
  const specs = [
    ...flags.flatMap(flagSpecs),
    '--help[Show help]',
    ...(argument === undefined ? [] : [`1:argument:${action(argument)}`]),
  ];
  return `    ${words.at(-1)})
      shift ${depth} words
      ((CURRENT -= ${depth}))
      _arguments ${specs.map((spec) => `\\\n        ${quoted(spec)}`).join(' ')}
      ;;`;
}

function flagSpecs({ name, char, summary, values, repeats }: CompletedFlag): string[] {
  const text = `[${summary.replaceAll(/[[\]:\\]/g, '\\$&')}]`;
  const value = values === undefined ? '' : `:value:${action(values)}`;
  const star = repeats ? '*' : '';
  return [
    `${star}--${name}${values === undefined ? '' : '='}${text}${value}`,
    ...(char === undefined ? [] : [`${star}-${char}${text}${value}`]),
  ];
}

function action(values: Values): string {
  if (values === 'files') return '_files';
  if (values === '@files') return '_aries_at_files';
  return values === 'any' ? ' ' : `(${values.join(' ')})`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
