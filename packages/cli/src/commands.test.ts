import { expect, test, vi } from 'vitest';
import { COMMANDS, findCommand, TOPICS } from './commands.ts';
import { showHelp } from './help.ts';

test('commands, arguments and flags are a contract', () => {
  const pinned = Object.entries(COMMANDS).map(([id, command]) => [
    `aries ${id}`,
    ...Object.entries(command.args).map(([name, arg]) =>
      arg.required ? name.toUpperCase() : `[${name.toUpperCase()}]`,
    ),
    ...Object.entries({ ...command.flags, ...command.baseFlags })
      .map(([name, flag]) => {
        const value = flag.type === 'boolean' ? '' : `=${flag.options?.join('|') ?? flag.helpValue}`;
        return `${flag.required ? '' : '['}--${name}${value}${flag.required ? '' : ']'}${flag.char === undefined ? '' : ` -${flag.char}`}${'multiple' in flag && flag.multiple ? ' …' : ''} ${flag.env}`;
      })
      .sort(),
  ]);
  expect(pinned.map((lines) => lines.join('\n  ')).join('\n\n')).toMatchSnapshot();
});

test('every flag has an environment variable and a summary', () => {
  for (const command of Object.values(COMMANDS)) {
    expect(command.summary).toMatch(/^[A-Z].*[^.]$/);
    for (const [name, flag] of Object.entries({ ...command.flags, ...command.baseFlags })) {
      expect(flag.env).toBe(`ARIES_${name.toUpperCase().replaceAll('-', '_')}`);
      expect(flag.summary, name).toMatch(/\S/);
    }
  }
});

test('no argument is read from stdin, which belongs to --config -', () => {
  for (const command of Object.values(COMMANDS)) {
    for (const arg of Object.values(command.args)) expect(arg.ignoreStdin).toBe(true);
  }
});

test('a command is found by one word or two', () => {
  expect(findCommand(['extract', './x.ts', '--json'])).toMatchObject({ id: 'extract', rest: ['./x.ts', '--json'] });
  expect(findCommand(['dataset', 'head', 'file:///x'])).toMatchObject({ id: 'dataset head', rest: ['file:///x'] });
  expect(findCommand(['dataset'])).toBeUndefined();
  expect(findCommand(['toString'])).toBeUndefined();
  for (const topic of Object.keys(TOPICS))
    expect(Object.keys(COMMANDS).some((id) => id.startsWith(`${topic} `))).toBe(true);
});

test.each(Object.entries(COMMANDS))('aries %s has help', async (id, command) => {
  const print = vi.spyOn(console, 'log').mockImplementation(() => {});
  await showHelp([...id.split(' '), '--help']);
  const help = print.mock.calls.flat().join('\n');
  print.mockRestore();
  for (const name of Object.keys(command.args)) expect(help).toContain(name.toUpperCase());
  for (const name of Object.keys(command.flags)) expect(help).toContain(`--${name}`);
});
