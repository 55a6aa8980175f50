// The overview: every command with its one line, grouped as a newcomer meets them.
import type { CommandClass } from 'clipanion';
import { paragraph } from '../render/paragraph.ts';
import type { Style } from '../render/style.ts';
import { COMMANDS, GROUPS } from './table.ts';

const SECTIONS: readonly (readonly [string, readonly string[]])[] = [
  ['The daemon', ['up', 'down', 'status', 'worker', 'doctor']],
  [
    'Agents',
    ['discover', 'agents list', 'agents get', 'agents add', 'agents trust', 'agents alias', 'agents remove'],
  ],
  [
    'Programs',
    [
      ...['openclaw install', 'openclaw status', 'openclaw uninstall'],
      ...['nanoclaw install', 'nanoclaw status', 'nanoclaw uninstall'],
    ],
  ],
  ['Work', ['run', 'team run', 'team list', 'team check', 'cancel']],
  ['What happened', ['trace', 'runs list', 'runs get', 'runs watch', 'events list', 'events append']],
  ['Steering', ['runs pause', 'runs resume', 'runs cancel']],
  ['What waits for you', ['approvals list', 'approvals show', 'approvals approve', 'approvals reject']],
  ['Trust', ['verify', 'audit']],
  ['More', ['demo', 'completion', 'version']],
];

const lineOf = async (name: string, pad: number, width: number, style: Style): Promise<string> => {
  const command: CommandClass | undefined = await COMMANDS[name]?.load();
  const text = command?.usage?.description ?? '';
  return `  ${style.name(name.padEnd(pad))}  ${paragraph(text, width - pad - 4, pad + 4)}`;
};

/** The overview of all commands, or of one group (`agentmesh team`). */
export const overview = async (group: string | null, width: number, style: Style): Promise<string> => {
  const chosen =
    group === null
      ? SECTIONS
      : [
          [
            GROUPS[group] ?? group,
            Object.keys(COMMANDS).filter((name) => name.startsWith(`${group} `)),
          ] as const,
        ];
  const pad = Math.max(...chosen.flatMap(([, names]) => names.map((name) => name.length)));
  const blocks = await Promise.all(
    chosen.map(async ([title, names]) => {
      const lines = await Promise.all(names.map((name) => lineOf(name, pad, Math.min(width, 100), style)));
      return `${style.bold(title)}\n${lines.join('\n')}`;
    }),
  );
  const head =
    group === null
      ? `${style.bold('agentmesh')}: one mesh from the AI agents on your machines\n\n  agentmesh <command> [options]\n\n`
      : '';
  const words = group === null ? '<command>' : `${group} <command>`;
  return `${head}${blocks.join('\n\n')}\n\n${style.dim(`agentmesh ${words} --help tells all of a command. First time here? agentmesh demo`)}`;
};
