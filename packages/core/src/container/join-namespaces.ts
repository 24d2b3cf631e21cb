import { JockerError } from '../errors/jocker-error.ts';
import type { OciSpec } from '../oci/runtime-spec.ts';
import type { ContainerRecord } from './container-record.ts';
import { isAlive } from './container-state.ts';
import type { CreateRequest } from './create-request.ts';
import type { ContainerStore } from './container-store.ts';

const prefix = 'container:';

/** The request with the ids of the containers whose namespaces it joins: names may change hands. Throws `not-found`. */
export function withContainerIds(request: CreateRequest, store: ContainerStore): CreateRequest {
  const resolve = (mode: string | undefined): `container:${string}` | undefined =>
    mode?.startsWith(prefix) === true ? `container:${store.find(mode.slice(prefix.length)).id}` : undefined;
  const [pidMode, ipcMode] = [resolve(request.pidMode), resolve(request.ipcMode)];
  return { ...request, ...(pidMode === undefined ? {} : { pidMode }), ...(ipcMode === undefined ? {} : { ipcMode }) };
}

/**
 * The spec with the namespaces of other containers that the request names: they are known by pid, so this is done at each start. Throws
 * `failed-precondition` when one of these containers does not run.
 */
export function joinNamespaces(spec: OciSpec, { name, request }: ContainerRecord, store: ContainerStore): OciSpec {
  const wanted = { network: request.network, pid: request.pidMode, ipc: request.ipcMode };
  const paths = new Map<string, string>();
  for (const [type, mode] of Object.entries(wanted)) {
    if (mode?.startsWith(prefix) !== true) continue;
    const other = store.find(mode.slice(prefix.length));
    if (!isAlive(other.status)) {
      throw new JockerError(
        'failed-precondition',
        `container ${name} shares the ${type} namespace of ${other.name}, which is ${other.status}`,
      );
    }
    paths.set(type, `/proc/${other.pid}/ns/${type === 'network' ? 'net' : type}`);
  }
  if (paths.size === 0) return spec;
  const namespaces = spec.linux.namespaces.map((namespace) => {
    const path = paths.get(namespace.type);
    return path === undefined ? namespace : { ...namespace, path };
  });
  return { ...spec, linux: { ...spec.linux, namespaces } };
}
