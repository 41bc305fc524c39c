import { Args } from '@oclif/core';
import { AriesCommand } from '../base-command.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

export default class Completion extends AriesCommand {
  static override summary = 'Print a script that completes aries in a shell';
  static override description =
    'It completes commands, flags, the values of flags that take one of a few words, and files. For the running shell: eval "$(aries completion bash)", the same with zsh after compinit, or aries completion fish | source. For every shell: put that line into ~/.bashrc or ~/.zshrc, or write the script to ~/.config/fish/completions/aries.fish.';
  static override product = 'text' as const;
  static override args = {
    shell: Args.string({ description: 'bash, zsh or fish', options: [...SHELLS], required: true, ignoreStdin: true }),
  };
  static override flags = {};
  static override examples = SHELLS.map((shell) => `<%= config.bin %> completion ${shell}`);

  override async run() {
    const { args } = await this.parse(Completion);
    const [{ bashCompletion }, { zshCompletion }, { fishCompletion }, { describeCommands }] = await Promise.all([
      import('../completion/bash.ts'),
      import('../completion/zsh.ts'),
      import('../completion/fish.ts'),
      import('../completion/describe-commands.ts'),
    ]);
    const write = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[
      args.shell as (typeof SHELLS)[number]
    ];
    await this.session.print(write(describeCommands(this.config)));
    return { ok: true };
  }
}
