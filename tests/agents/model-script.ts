// What the model of the lanes answers: a script that programs follow as if it were a mind. Pure, whatever the protocol.

/** What a program asked its model for, with everything of its own around the user's words taken away. */
export interface ModelTurn {
  /** The user's last words. */
  readonly prompt: string;
  /** What the last tool answered, when this turn goes on after one; null otherwise. */
  readonly toolResult: string | null;
  /** Names of the tools that the program offers. */
  readonly tools: readonly string[];
}

/** What the model does: thoughts, pieces of text with a pause before each, or a call of a tool; in that order. */
export interface ModelAnswer {
  /** HTTP status of a failure; nothing else counts then. */
  readonly fail?: number;
  readonly thoughts: readonly string[];
  readonly pieces: readonly { readonly text: string; readonly afterMs: number }[];
  readonly tool?: { readonly name: string; readonly args: Readonly<Record<string, unknown>> };
}

/** Tools that run a command line, as programs call them. */
const SHELLS = ['exec', 'bash', 'shell', 'run_shell_command', 'shell_command', 'exec_command'];

const says = (...texts: readonly string[]): ModelAnswer => ({
  thoughts: [],
  pieces: texts.map((text) => ({ text, afterMs: 0 })),
});

/** Goes on until whoever asked hangs up. */
const ENDLESS = 100_000;

const shellCall = (turn: ModelTurn, command: string): ModelAnswer => {
  const name = turn.tools.find((tool) => SHELLS.includes(tool.toLowerCase()));
  if (name === undefined) return says(`no shell among ${turn.tools.join(', ')}`);
  return { thoughts: [], pieces: [], tool: { name, args: { command, description: 'asked by the lane' } } };
};

/** A question of the model to its user, as OpenClaw’s `ask_user` takes it; it is reached through `tool_call`. */
const askUser = (turn: ModelTurn, labels: readonly string[]): ModelAnswer => {
  const options = labels.map((label) => ({ label }));
  const question = { id: 'which', header: 'Which', question: 'Which one?', options };
  const args = { questions: [question] };
  const direct = turn.tools.includes('ask_user');
  return {
    thoughts: [],
    pieces: [],
    tool: direct ? { name: 'ask_user', args } : { name: 'tool_call', args: { id: 'ask_user', args } },
  };
};

/** Whether a tool's answer says that a person or a sandbox did not allow it. */
const isRefusal = (result: string): boolean =>
  /denied|reject|not allowed|refus|declin|read-only file system/i.test(result);

/**
 * The answer to a turn. Words: `1+1`, `echo TEXT`, `stream N`, `reason`, `tool`, `ask TEXT` (a command that names TEXT),
 * `choose A|B` (asks its user which), `fail [STATUS]`, `hang`, `wait MS TEXT`; anything else is answered with `heard: …`.
 */
export const modelAnswer = (turn: ModelTurn): ModelAnswer => {
  const [word = ''] = turn.prompt.trim().split(/\s+/, 1);
  const rest = turn.prompt.trim().slice(word.length + 1);
  switch (word) {
    case '1+1':
      return says('2');
    case 'echo':
      return says(rest);
    case 'stream':
      return {
        thoughts: [],
        pieces: Array.from({ length: Number(rest) }, (_, at) => ({
          text: at === 0 ? 'p0' : ` p${String(at)}`,
          afterMs: 30,
        })),
      };
    case 'reason':
      return { ...says('done'), thoughts: ['I am ', 'thinking ', 'about it.'] };
    case 'tool':
      return turn.toolResult === null
        ? shellCall(turn, 'echo tool-says-hi')
        : says(`tool result was: ${turn.toolResult.trim()}`);
    case 'ask':
      if (turn.toolResult === null) return shellCall(turn, `touch ${rest}`);
      return says(`${isRefusal(turn.toolResult) ? 'denied' : 'allowed'} ${rest}`);
    case 'choose':
      if (turn.toolResult === null) return askUser(turn, rest.split('|'));
      return says(`chosen: ${turn.toolResult.trim()}`);
    case 'fail':
      // A status that no program takes for a passing trouble, unless it is given one.
      return { ...says(), fail: Number(rest === '' ? 400 : rest) };
    case 'hang':
      return {
        thoughts: [],
        pieces: Array.from({ length: ENDLESS }, (_, at) => ({
          text: at === 0 ? 'started' : ` w${String(at)}`,
          afterMs: at === 0 ? 0 : 200,
        })),
      };
    case 'wait': {
      const [ms = '0'] = rest.split(' ', 1);
      return {
        thoughts: [],
        pieces: [
          { text: 'started ', afterMs: 0 },
          { text: rest.slice(ms.length + 1), afterMs: Number(ms) },
        ],
      };
    }
    default:
      return says(`heard: ${turn.prompt.trim()}`);
  }
};
