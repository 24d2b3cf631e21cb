/**
 * A container's root file system, open. The engine gives it: of a running container `/proc/PID/root` opened as a
 * directory, of a stopped one a private mount of its snapshot. Disposing closes and unmounts.
 */
export interface ContainerRoot extends AsyncDisposable {
  /** Of the root directory; O_PATH does. Stays open until disposal. */
  readonly fd: number;
  /** The folder with what the container wrote, in overlay form, when the snapshotter keeps it apart. */
  readonly changesDirectory?: string;
  /** What lies below: in overlay form with `changesDirectory`, upper-most first; else the one tree the container began with. */
  readonly lowerDirectories: readonly string[];
  /** Where the engine mounted something (`/proc`, `/etc/hosts`, volumes): made for the container and not by it. */
  readonly mountTargets: readonly string[];
  /** The user it runs as: what `copyOwner` gives files to. */
  readonly owner: { readonly uid: number; readonly gid: number };
}

export type RootAccess = 'read' | 'write';

export type OpenContainerRoot = (id: string, access: RootAccess) => Promise<ContainerRoot>;
