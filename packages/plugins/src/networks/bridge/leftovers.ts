import type { EndpointRecord } from '@jocker/core';

const patienceMs = 2_000;

/** Interfaces that the kernel removes with a namespace, looked for a while later in case that something kept the namespace. */
export interface Leftovers {
  look(endpoint: EndpointRecord): void;
  /** What was not looked for yet is found by the next engine. */
  end(): void;
}

export function createLeftovers(remove: (endpoint: EndpointRecord) => void): Leftovers {
  const waiting = new Map<string, EndpointRecord>();
  let timer: NodeJS.Timeout | undefined;
  const sweep = (): void => {
    timer = undefined;
    const all = [...waiting.values()];
    waiting.clear();
    for (const endpoint of all) remove(endpoint);
  };
  return {
    look(endpoint) {
      waiting.set(endpoint.endpointId, endpoint);
      timer ??= setTimeout(sweep, patienceMs).unref();
    },
    end: () => clearTimeout(timer),
  };
}
