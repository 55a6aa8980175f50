// agentmesh version: which version this is, and on what it runs.
import { readFileSync } from 'node:fs';
import { Command } from 'clipanion';
import { MeshCommand } from '../command-line/mesh-command.ts';

export class VersionCommand extends MeshCommand {
  static override readonly paths = [['version']];
  static override readonly usage = Command.Usage({
    description: 'Version of this program',
    examples: [['Version', '$0 version']],
  });

  override async perform(): Promise<number> {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    const { version } = manifest;
    await this.printOne(
      { version, node: process.versions.node, platform: `${process.platform}-${process.arch}` },
      () => version,
    );
    return 0;
  }
}
