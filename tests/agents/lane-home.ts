// What the real programs read and keep: all of it in a folder of the lane, none of it of whoever runs the lane.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandName } from './lane-program.ts';

interface Settings {
  readonly kind: string;
  readonly env: Readonly<Record<string, string>>;
}

const homeEnv = (home: string): Record<string, string> => ({
  HOME: home,
  XDG_CONFIG_HOME: join(home, 'config'),
  XDG_DATA_HOME: join(home, 'data'),
  XDG_CACHE_HOME: join(home, 'cache'),
  XDG_STATE_HOME: join(home, 'state'),
});

const opencodeConfig = (url: string): object => ({
  model: 'fake/fake-1',
  small_model: 'fake/fake-1',
  autoupdate: false,
  share: 'disabled',
  provider: {
    fake: {
      npm: '@ai-sdk/openai-compatible',
      options: { baseURL: `${url}/v1`, apiKey: 'none' },
      models: {
        'fake-1': { reasoning: true, tool_call: true, limit: { context: 128_000, output: 4_096 } },
      },
    },
  },
  permission: { bash: 'ask', edit: 'ask' },
});

const codexConfig = (url: string): string => `model = "fake-1"
model_provider = "fake"
[model_providers.fake]
name = "Fake"
base_url = "${url}/v1"
wire_api = "responses"
env_key = "FAKE_KEY"
request_max_retries = 0
stream_max_retries = 0
`;

/** Writes the settings of each program into a home, with the model at `url`; answers their kinds and environments. */
export const writeSettings = (home: string, url: string): Readonly<Record<CommandName, Settings>> => {
  mkdirSync(join(home, 'codex'), { mode: 0o700 });
  writeFileSync(join(home, 'opencode.json'), JSON.stringify(opencodeConfig(url)));
  writeFileSync(join(home, 'codex', 'config.toml'), codexConfig(url));
  return {
    opencode: {
      kind: 'acp',
      env: {
        ...homeEnv(home),
        OPENCODE_CONFIG: join(home, 'opencode.json'),
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
      },
    },
    claude: {
      kind: 'claude',
      env: {
        ...homeEnv(home),
        ANTHROPIC_BASE_URL: url,
        ANTHROPIC_API_KEY: 'none',
        CLAUDE_CONFIG_DIR: join(home, 'claude'),
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
    },
    codex: { kind: 'codex', env: { ...homeEnv(home), CODEX_HOME: join(home, 'codex'), FAKE_KEY: 'none' } },
  };
};
