// An agent that asks before it acts, as a process of its own that outlives who called it: JSON lines over TCP on loopback.
// In: {"begin":KEY,"prompt":"ask TEXT"} · {"join":KEY} · {"answer":KEY,"allowed":BOOL} · {"cancel":KEY} · {"count":KEY}.
// Out: {"ask":{id,title,operation}} · {"done":TEXT} · {"cancelled":true} · {"unknown":true} · {"count":N}.
import { createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

interface Task {
  readonly text: string;
  readonly listeners: Set<Socket>;
  end: { readonly done: string } | { readonly cancelled: true } | null;
  effects: number;
}

interface Said {
  readonly begin?: string;
  readonly prompt?: string;
  readonly join?: string;
  readonly answer?: string;
  readonly allowed?: boolean;
  readonly cancel?: string;
  readonly count?: string;
}

const tasks = new Map<string, Task>();

const tell = (socket: Socket, value: unknown): void => void socket.write(`${JSON.stringify(value)}\n`);

const finish = (task: Task, end: NonNullable<Task['end']>): void => {
  if (task.end !== null) return;
  task.end = end;
  for (const socket of task.listeners) tell(socket, end);
};

const listen = (socket: Socket, task: Task | undefined): void => {
  if (task === undefined) {
    tell(socket, { unknown: true });
    return;
  }
  task.listeners.add(socket);
  tell(
    socket,
    task.end ?? {
      ask: {
        id: 'q1',
        title: `wants to write ${task.text}`,
        operation: { write: task.text, path: '/tmp/x' },
      },
    },
  );
};

const hear = (socket: Socket, said: Said): void => {
  if (said.begin !== undefined) {
    const fresh: Task = {
      text: (said.prompt ?? '').replace(/^ask /, ''),
      listeners: new Set(),
      end: null,
      effects: 0,
    };
    const task = tasks.get(said.begin) ?? fresh;
    tasks.set(said.begin, task);
    listen(socket, task);
  }
  if (said.join !== undefined) listen(socket, tasks.get(said.join));
  const answered = tasks.get(said.answer ?? '');
  if (answered?.end === null) {
    if (said.allowed === true) answered.effects += 1;
    finish(answered, { done: `${said.allowed === true ? 'allowed' : 'denied'} ${answered.text}` });
  }
  const cancelled = tasks.get(said.cancel ?? '');
  if (cancelled !== undefined) finish(cancelled, { cancelled: true });
  if (said.count !== undefined) tell(socket, { count: tasks.get(said.count)?.effects ?? 0 });
};

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.on('close', () => {
    for (const task of tasks.values()) task.listeners.delete(socket);
  });
  // Readline passes on what goes wrong with its input, such as a caller that was killed.
  createInterface({ input: socket })
    .on('error', () => undefined)
    .on('line', (line) => {
      hear(socket, JSON.parse(line) as Said);
    });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : 0}\n`);
});
