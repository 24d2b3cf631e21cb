import { join } from 'node:path';

/** Where the files of a container lie. All names are the container's id: what has no record can be found and removed. */
export interface ContainerPaths {
  readonly stateRoot: string;
  readonly bundleRoot: string;
  /** Mount points of stopped containers' roots while somebody looks into them. */
  readonly mountRoot: string;
  readonly dryRunRoot: string;
  /** hosts, hostname, resolv.conf and the log; survives a reboot. */
  state(id: string): string;
  log(id: string): string;
  bundle(id: string): string;
}

export function createContainerPaths(dataRoot: string, runRoot: string): ContainerPaths {
  const stateRoot = join(dataRoot, 'containers');
  const bundleRoot = join(runRoot, 'bundles');
  return {
    stateRoot,
    bundleRoot,
    mountRoot: join(runRoot, 'mounts'),
    dryRunRoot: join(runRoot, 'dry-runs'),
    state: (id) => join(stateRoot, id),
    log: (id) => join(stateRoot, id, 'container.log'),
    bundle: (id) => join(bundleRoot, id),
  };
}
