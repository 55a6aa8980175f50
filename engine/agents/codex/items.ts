// The items of a Codex turn as events: commands, changes of files and calls of tools are pairs, the rest is told once.
import type { Story, ToolFacts } from '../../processes/story.ts';
import type { CodexItem } from './lines.ts';

type Phase = 'item.started' | 'item.updated' | 'item.completed';

/** What is said of an item that is a tool call: its name, what went in, and how it ended. */
interface Call {
  readonly name: string;
  readonly input: unknown;
  /** With the end. */
  readonly output: unknown;
  readonly isFailed: boolean;
}

const hasFailed = (status: string | null | undefined): boolean =>
  status === 'failed' || status === 'declined';

const callOf = (item: CodexItem): Call | null => {
  switch (item.type) {
    case 'command_execution':
      return {
        name: 'shell',
        input: { command: item.command },
        output: { output: item.aggregated_output ?? '', exit_code: item.exit_code ?? null },
        // A command that exits with another number than 0 has failed; the model reads why.
        isFailed: hasFailed(item.status),
      };
    case 'file_change':
      return {
        name: 'apply_patch',
        input: { changes: item.changes ?? null },
        output: { changes: item.changes ?? null },
        isFailed: hasFailed(item.status),
      };
    case 'mcp_tool_call':
    case 'collab_tool_call':
      return {
        name: typeof item.server === 'string' ? `${item.server}.${item.tool}` : item.tool,
        input: item.arguments ?? (typeof item.prompt === 'string' ? { prompt: item.prompt } : null),
        output: item.error ?? item.result ?? null,
        isFailed: hasFailed(item.status),
      };
    case 'web_search':
      return { name: 'web_search', input: { query: item.query ?? '' }, output: null, isFailed: false };
    default:
      return null;
  }
};

/** Reports one item. `phase` is the type of its line. */
export const tellItem = async (story: Story, phase: Phase, item: CodexItem): Promise<void> => {
  const call = callOf(item);
  if (call !== null) {
    await story.toolStart(item.id, call.name, { input: call.input });
    if (phase !== 'item.completed') return;
    const facts: ToolFacts = call.isFailed ? { error: call.output ?? 'failed' } : { output: call.output };
    await story.toolEnd(item.id, call.name, facts);
    return;
  }
  if (item.type === 'todo_list') {
    const done = item.items.filter(({ completed }) => completed).length;
    await story.status(`plan: ${String(done)} of ${String(item.items.length)} done`, { plan: item.items });
    return;
  }
  if (phase !== 'item.completed') return;
  if (item.type === 'agent_message') await story.message(item.text, item.id);
  else if (item.type === 'reasoning') await story.thought(item.text, false);
  // Mere warnings come as items of this type; what ends a turn comes as `turn.failed`.
  else if (item.type === 'error') await story.status(item.message);
};
