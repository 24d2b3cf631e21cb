import { ask, type Answer } from './ask.ts';
import { describeBody } from './describe-body.ts';
import type { Recorded, Step } from './step.ts';

/** Those that Docker's clients look at. */
const headerNames = ['content-type', 'api-version', 'docker-experimental', 'ostype', 'upgrade', 'x-docker-container-path-stat'];
const patienceMs = 20_000;

/** Holds the conversation with whoever listens on the socket. */
export async function playSteps(
  socketPath: string,
  steps: readonly Step[],
  version: string,
  saved: Map<string, string> = new Map(),
): Promise<Record<string, Recorded>> {
  const recording: Record<string, Recorded> = {};
  for (const step of steps) {
    const answer = await askUntil(socketPath, step, version, saved);
    for (const [name, field] of Object.entries(step.save ?? {})) {
      saved.set(name, String((JSON.parse(answer.body.toString()) as Record<string, unknown>)[field]));
    }
    if (step.silent === true) {
      if (answer.status >= 400) throw new Error(`${step.name}: ${answer.status} ${answer.body.toString()}`);
      continue;
    }
    if (recording[step.name] !== undefined) throw new Error(`"${step.name}" is there twice`);
    recording[step.name] = recordOf(step, answer);
  }
  return recording;
}

async function askUntil(socketPath: string, step: Step, version: string, saved: ReadonlyMap<string, string>): Promise<Answer> {
  const [method = '', path = ''] = step.request
    .replaceAll(/\{(\w+)\}/g, (_all, name: string) => saved.get(name) ?? String(Math.floor(Date.now() / 1000) + 1))
    .split(' ');
  const body = step.json === undefined ? step.body : JSON.stringify(step.json);
  const wanted = step.version === undefined ? version : step.version;
  const question = {
    method,
    path: wanted === null ? path : `/v${wanted}${path}`,
    headers: {
      ...(step.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      ...(step.hijack?.upgrade === true ? { connection: 'Upgrade', upgrade: 'tcp' } : {}),
      ...step.headers,
    },
    body: body === undefined ? undefined : Buffer.from(body),
    ...(step.hijack?.input === undefined ? {} : { input: step.hijack.input }),
  };
  for (const giveUp = Date.now() + patienceMs; ;) {
    const answer = await ask(socketPath, question).catch((cause: unknown) => {
      throw new Error(`${step.name}: no answer`, { cause });
    });
    if (step.until === undefined) return answer;
    const [field, value] = step.until;
    const found = field
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], JSON.parse(answer.body.toString()));
    if (found === value) return answer;
    if (Date.now() > giveUp) throw new Error(`${step.name}: ${field} is ${JSON.stringify(found)}, not ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function recordOf(step: Step, answer: Answer): Recorded {
  const headers = headerNames.flatMap((name) => {
    const value = answer.headers[name];
    if (value === undefined) return [];
    return [[name, name.startsWith('x-') ? 'present' : String(value)] as const];
  });
  return { status: answer.status, headers: Object.fromEntries(headers), body: describeBody(step, answer) };
}
