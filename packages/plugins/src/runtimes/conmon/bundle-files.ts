import { join } from 'node:path';

/** Everything that conmon and the driver keep in a container's bundle directory. */
export interface BundleFiles {
  readonly config: string;
  readonly runtimeLog: string;
  readonly containerPid: string;
  readonly monitorPid: string;
  readonly attachSocket: string;
  readonly control: string;
  /** There once the kernel killed a process of the container for want of memory. */
  readonly oom: string;
}

export function bundleFiles(directory: string): BundleFiles {
  return {
    config: join(directory, 'config.json'),
    runtimeLog: join(directory, 'runtime.log'),
    containerPid: join(directory, 'container.pid'),
    monitorPid: join(directory, 'conmon.pid'),
    attachSocket: join(directory, 'attach'),
    control: join(directory, 'ctl'),
    oom: join(directory, 'oom'),
  };
}
