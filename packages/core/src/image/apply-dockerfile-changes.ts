import { JockerError } from '../errors/jocker-error.ts';
import type { Healthcheck, ImageRunConfig } from '../oci/image-config.ts';

type Draft = { -readonly [K in keyof ImageRunConfig]: ImageRunConfig[K] };

/** Dockerfile instructions of `commit --change` and `import --change`. Throws `invalid-argument` with the line at fault. */
export function applyDockerfileChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  const draft: Draft = { ...config };
  for (const change of changes) {
    if (change.trim() === '') continue;
    const [, instruction = '', rest = ''] = /^\s*(\S+)\s*([^]*)$/.exec(change) ?? [];
    applyOne(draft, instruction.toUpperCase(), rest.trim(), change);
  }
  return draft;
}

function applyOne(draft: Draft, instruction: string, rest: string, change: string): void {
  const wrong = (why: string): JockerError => new JockerError('invalid-argument', `${why}: ${change.slice(0, 200)}`);
  if (rest === '' && instruction !== 'CMD' && instruction !== 'ENTRYPOINT') throw wrong(`${instruction} needs a value`);
  switch (instruction) {
    case 'CMD':
      draft.command = commandOf(rest, draft);
      return;
    case 'ENTRYPOINT':
      draft.entrypoint = commandOf(rest, draft);
      // As in a Dockerfile: a new entrypoint does not get the old one's arguments.
      delete draft.command;
      return;
    case 'ENV': {
      const values = new Map((draft.env ?? []).map((entry) => [entry.slice(0, entry.indexOf('=')), entry]));
      for (const [key, value] of pairsOf(rest, wrong)) values.set(key, `${key}=${value}`);
      draft.env = [...values.values()];
      return;
    }
    case 'LABEL':
      draft.labels = { ...draft.labels, ...Object.fromEntries(pairsOf(rest, wrong)) };
      return;
    case 'EXPOSE': {
      const ports = rest.split(/\s+/).map((port) => (port.includes('/') ? port : `${port}/tcp`));
      if (!ports.every((port) => /^\d{1,5}(?:-\d{1,5})?\/(?:tcp|udp|sctp)$/.test(port))) throw wrong('not a port');
      draft.exposedPorts = [...new Set([...(draft.exposedPorts ?? []), ...ports])];
      return;
    }
    case 'VOLUME':
      draft.volumes = [...new Set([...(draft.volumes ?? []), ...(jsonWords(rest) ?? rest.split(/\s+/))])];
      return;
    case 'WORKDIR':
      draft.workingDir = rest.startsWith('/') ? rest : `${(draft.workingDir ?? '/').replace(/\/$/, '')}/${rest}`;
      return;
    case 'USER':
      draft.user = rest;
      return;
    case 'STOPSIGNAL':
      draft.stopSignal = rest;
      return;
    case 'SHELL':
      draft.shell = jsonWords(rest) ?? [rest];
      return;
    case 'ONBUILD':
      draft.onBuild = [...(draft.onBuild ?? []), rest];
      return;
    case 'HEALTHCHECK':
      draft.healthcheck = healthcheckOf(rest, draft, wrong);
      return;
    default:
      throw wrong(
        `${instruction.slice(0, 40)} is not one of CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR`,
      );
  }
}

/** The JSON form as it is; the shell form through the shell. */
function commandOf(rest: string, { shell = ['/bin/sh', '-c'] }: Draft): readonly string[] {
  return jsonWords(rest) ?? (rest === '' ? [] : [...shell, rest]);
}

function jsonWords(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  try {
    const words: unknown = JSON.parse(text);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
  } catch {
    return undefined;
  }
}

/** `a=b c="d e"`, or the old form `a b c` with one key. */
function pairsOf(rest: string, wrong: (why: string) => JockerError): readonly (readonly [string, string])[] {
  if (!/^[^\s=]+=/.test(rest)) {
    const [, key, value] = /^(\S+)\s+([^]+)$/.exec(rest) ?? [];
    if (key === undefined || value === undefined) throw wrong('not NAME=VALUE');
    return [[key, value]];
  }
  const pairs: [string, string][] = [];
  const pattern = /\s*([^\s=]+)=((?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])*)/gy;
  let end = 0;
  for (let match = pattern.exec(rest); match !== null; match = pattern.exec(rest)) {
    end = pattern.lastIndex;
    pairs.push([match[1] ?? '', unquote(match[2] ?? '')]);
  }
  if (rest.slice(end).trim() !== '') throw wrong('not NAME=VALUE');
  return pairs;
}

function unquote(text: string): string {
  return text.replace(
    /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/g,
    (_all, double?: string, single?: string, escaped?: string) => escaped ?? single ?? double?.replace(/\\(.)/g, '$1') ?? '',
  );
}

const unitNs: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

function healthcheckOf(rest: string, draft: Draft, wrong: (why: string) => JockerError): Healthcheck {
  if (rest.toUpperCase() === 'NONE') return { test: ['NONE'] };
  const check: { -readonly [K in keyof Healthcheck]: Healthcheck[K] } = {};
  let left = rest;
  for (let match = /^--([a-z-]+)=(\S+)\s+/.exec(left); match !== null; match = /^--([a-z-]+)=(\S+)\s+/.exec(left)) {
    left = left.slice(match[0].length);
    const [, name = '', value = ''] = match;
    const keys = {
      interval: 'intervalNs',
      timeout: 'timeoutNs',
      'start-period': 'startPeriodNs',
      'start-interval': 'startIntervalNs',
    } as const;
    const key = keys[name as keyof typeof keys] as (typeof keys)[keyof typeof keys] | undefined;
    const duration = [...value.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)];
    if (name === 'retries' && /^\d+$/.test(value)) check.retries = Number(value);
    else if (key !== undefined && duration.length > 0)
      check[key] = duration.reduce((sum, [, number, unit]) => sum + Number(number) * (unitNs[unit ?? ''] ?? 0), 0);
    else throw wrong(`--${name} is not an option of HEALTHCHECK`);
  }
  const [, command] = /^CMD\s+([^]+)$/i.exec(left) ?? [];
  if (command === undefined) throw wrong('HEALTHCHECK needs CMD or NONE');
  const words = jsonWords(command);
  check.test = words === undefined ? ['CMD-SHELL', command] : ['CMD', ...words];
  return check;
}
