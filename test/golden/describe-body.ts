import type { Answer } from './ask.ts';
import { shapeOf } from './shape-of.ts';
import type { Step } from './step.ts';

/** What of a body is compared: types by path, framing and bytes of a stream, names in an archive. */
export function describeBody(step: Step, { body, headers, status }: Answer): Readonly<Record<string, string>> {
  if (body.length === 0) return { '': 'no body' };
  const isError = status >= 400;
  if (isError || step.answer === undefined || step.answer === 'json') {
    return /json/.test(headers['content-type'] ?? '') ? shapeOf(JSON.parse(body.toString()), isError ? [] : step.values) : { '': 'text' };
  }
  switch (step.answer) {
    case 'text':
      return { '': `=${JSON.stringify(body.toString())}` };
    case 'lines':
      return describeLines(body.toString(), step.keep);
    case 'output':
      return describeOutput(body);
    case 'tar':
      return { entries: namesOf(body).join(' ') };
    default: {
      const missed: never = step.answer;
      return missed;
    }
  }
}

function describeLines(text: string, keep: string | undefined): Readonly<Record<string, string>> {
  const lines = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const words = keep === undefined ? [] : lines.map((line) => JSON.stringify(line[keep] ?? '-').replaceAll('"', ''));
  return {
    ...shapeOf(lines),
    ...(keep === undefined ? {} : { [`each ${keep}`]: words.filter((word, index) => word !== words[index - 1]).join(' | ') }),
  };
}

/** stdcopy frames joined by stream, or raw bytes. */
function describeOutput(body: Buffer): Readonly<Record<string, string>> {
  const streams = new Map<number, string>();
  for (let at = 0; at < body.length;) {
    const stream = body[at] ?? 0;
    const length = at + 8 <= body.length ? body.readUInt32BE(at + 4) : 0;
    if (stream > 2 || body.readUIntBE(at + 1, 3) !== 0 || at + 8 + length > body.length) return { raw: normal(body.toString()) };
    streams.set(stream, (streams.get(stream) ?? '') + body.toString('utf8', at + 8, at + 8 + length));
    at += 8 + length;
  }
  return Object.fromEntries([...streams].toSorted(([a], [b]) => a - b).map(([stream, text]) => [`stream ${stream}`, normal(text)]));
}

/** Times and ids change from run to run. */
const normal = (text: string): string =>
  JSON.stringify(text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z/g, 'TIME').replace(/[0-9a-f]{64}/g, 'ID'));

/** Names in order; digests are told by their kind. */
function namesOf(archive: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const field = (from: number, length: number): string => archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '');
    const type = field(156, 1);
    if (type !== 'x' && type !== 'g') names.push(field(0, 100).replace(/[0-9a-f]{64}/g, 'ID'));
    at += 512 + Math.ceil(Number.parseInt(field(124, 12), 8) / 512) * 512;
  }
  return [...new Set(names)].toSorted();
}
