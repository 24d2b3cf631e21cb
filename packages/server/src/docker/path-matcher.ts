import { JockerError } from '@jocker/core';
import type { DockerRoute } from './docker-route.ts';

export interface MatchedRoute {
  readonly route: DockerRoute;
  readonly params: Readonly<Record<string, string>>;
}

/** Fixed paths win over parameters, a short parameter over one that may hold slashes. */
export function createPathMatcher(routes: readonly DockerRoute[]): (method: string, path: string) => MatchedRoute | undefined {
  const compiled = routes
    .map((route) => ({
      route,
      pattern: patternOf(route.path),
      rank: (route.path.match(/\{/g) ?? []).length * 2 + (route.path.includes('*') ? 1 : 0),
    }))
    .toSorted((a, b) => a.rank - b.rank);
  return (method, path) => {
    for (const { route, pattern } of compiled) {
      if (route.method !== method) continue;
      const groups = pattern.exec(path)?.groups;
      if (groups !== undefined || pattern.test(path))
        return { route, params: Object.fromEntries(Object.entries(groups ?? {}).map(([key, value]) => [key, decode(value)])) };
    }
    return undefined;
  };
}

function patternOf(path: string): RegExp {
  const source = path.replace(/\{(\w+)(\*?)\}/g, (_all, name: string, star: string) => `(?<${name}>${star === '' ? '[^/]+' : '.+?'})`);
  return new RegExp(`^${source}$`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new JockerError('invalid-argument', `"${text.slice(0, 100)}" is not a valid part of a path`, { cause });
  }
}
