import type { CreateRequest, MountRequest, ResourceLimits } from '@jocker/protocol';

/** The form as text, one answer a step; kept as a preset in this shape. */
export interface RunAnswers {
  readonly image: string;
  readonly command: string;
  readonly env: string;
  readonly mounts: string;
  readonly limits: string;
  readonly name: string;
}

export const noAnswers: RunAnswers = { image: '', command: '', env: '', mounts: '', limits: '', name: '' };

/** Throws an Error with a sentence for the form when an answer cannot be read. */
export function runRequest(answers: RunAnswers, origin: string): CreateRequest {
  const command = splitWords(answers.command);
  const env = splitWords(answers.env);
  const mounts = splitWords(answers.mounts).map(parseMount);
  const resources = parseLimits(splitWords(answers.limits));
  const wrong = env.find((variable) => !/^[^=\s]+=/.test(variable));
  if (wrong !== undefined) throw new Error(`"${wrong}" is not NAME=VALUE`);
  return {
    image: answers.image,
    ...(command.length === 0 ? {} : { command }),
    ...(env.length === 0 ? {} : { env }),
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(answers.name.trim() === '' ? {} : { name: answers.name.trim() }),
    ...(origin === '' ? {} : { origin }),
  };
}

/** Words as a shell splits them: quotes keep spaces, a backslash keeps the next character. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  const pattern = /\s*((?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+)/gy;
  let end = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    end = pattern.lastIndex;
    words.push(
      (match[1] ?? '').replace(
        /\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/g,
        (_all, escaped, double, single) => escaped ?? single ?? double?.replace(/\\(.)/g, '$1') ?? '',
      ),
    );
  }
  if (text.slice(end).trim() !== '') throw new Error(`a quote is not closed in: ${text.slice(end).trim()}`);
  return words;
}

function parseMount(text: string): MountRequest {
  const [source, target, mode, ...rest] = text.split(':');
  if (
    source?.startsWith('/') !== true ||
    target?.startsWith('/') !== true ||
    rest.length > 0 ||
    (mode !== undefined && mode !== 'ro' && mode !== 'rw')
  )
    throw new Error(`"${text}" is not /source:/target[:ro]`);
  return { type: 'bind', source, target, ...(mode === 'ro' ? { readonly: true } : {}) };
}

const factors: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

function parseLimits(words: readonly string[]): ResourceLimits {
  const limits: { -readonly [K in keyof ResourceLimits]: ResourceLimits[K] } = {};
  for (const word of words) {
    const [key, value = ''] = word.split('=');
    const size = /^(\d+)([kmg]?)b?$/i.exec(value);
    const number = Number(value);
    if (key === 'memory' && size !== null) limits.memoryBytes = Number(size[1]) * (factors[(size[2] ?? '').toLowerCase()] ?? 1);
    else if (key === 'cpus' && number > 0) limits.nanoCpus = Math.round(number * 1e9);
    else if (key === 'pids' && Number.isInteger(number) && number > 0) limits.pidsLimit = number;
    else throw new Error(`"${word}" is none of memory=256m, cpus=0.5, pids=100`);
  }
  return limits;
}

/** A request as the form shows it; what the form has no field for is left out. */
export function answersOf(request: CreateRequest): RunAnswers {
  const quote = (word: string): string => (/[\s"'\\]/.test(word) ? `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : word);
  const { memoryBytes, nanoCpus, pidsLimit } = request.resources ?? {};
  return {
    image: request.image,
    command: (request.command ?? []).map(quote).join(' '),
    env: (request.env ?? []).map(quote).join(' '),
    mounts: (request.mounts ?? [])
      .flatMap((mount) => (mount.type === 'bind' ? [quote(`${mount.source}:${mount.target}${mount.readonly === true ? ':ro' : ''}`)] : []))
      .join(' '),
    limits: [
      ...(memoryBytes === undefined ? [] : [`memory=${memoryBytes}`]),
      ...(nanoCpus === undefined ? [] : [`cpus=${nanoCpus / 1e9}`]),
      ...(pidsLimit === undefined || pidsLimit < 1 ? [] : [`pids=${pidsLimit}`]),
    ].join(' '),
    name: '',
  };
}
