import { JockerError } from '../errors/jocker-error.ts';
import type { ImageReference } from '../reference/image-reference.ts';
import type { RemoteContribution } from './isolate-plugin.ts';
import type { RemoteFunction } from './remote-values.ts';

type Current = () => Promise<RemoteContribution['value'] | undefined>;

/** What stands in the engine's process for something that another process provides. */
export function proxyOf({ point, value }: RemoteContribution, current: Current): object {
  const proxy: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    proxy[key] = typeof member === 'function' ? remoteMethod(value.name, key, current) : member;
  }
  return { ...proxy, ...special(point, proxy) };
}

function remoteMethod(name: string, key: string, current: Current): RemoteFunction {
  return async (...given) => {
    const method = (await current())?.[key];
    if (typeof method !== 'function') throw new JockerError('internal', `${name} no longer has ${key}`, { details: { pluginDown: true } });
    return await (method as RemoteFunction)(...given);
  };
}

/** Methods whose contract is more than a question and its answer. */
function special(point: RemoteContribution['point'], remote: Readonly<Record<string, unknown>>): object {
  if (point === 'specMutator') {
    const mutate = remote['mutate'] as RemoteFunction;
    return {
      async mutate(draft: Record<string, unknown>, input: unknown) {
        const changed = (await mutate(draft, input)) as Record<string, unknown>;
        for (const key of Object.keys(draft)) delete draft[key];
        Object.assign(draft, changed);
      },
    };
  }
  if (point === 'imageSource') {
    const schemes = Array.isArray(remote['schemes']) ? (remote['schemes'] as unknown[]) : [];
    const accepts = remote['accepts'] as RemoteFunction;
    // While the process is gone, what is its own fails by its name and not as a reference that nobody takes.
    return {
      accepts: (reference: ImageReference) =>
        reference.kind === 'scheme' && schemes.includes(reference.scheme) ? true : accepts(reference),
    };
  }
  if (point === 'runtimeBackend' && remote['prewarm'] !== undefined) {
    const prewarm = remote['prewarm'] as RemoteFunction;
    return { prewarm: () => void prewarm().catch(() => undefined) };
  }
  return {};
}
