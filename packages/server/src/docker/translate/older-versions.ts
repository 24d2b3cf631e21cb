/** `[1, 41]`. */
export type ApiVersion = readonly [major: number, minor: number];

/** Whether a client of this version still expects what `1.minor` took away. */
export const isBefore = ([major, minor]: ApiVersion, limit: number): boolean => major === 1 && minor < limit;

/** The size of an image was told twice until 1.44. */
export function virtualSize(version: ApiVersion, sizeBytes: number): object {
  return isBefore(version, 44) ? { VirtualSize: sizeBytes } : {};
}

/** What an image without a name was called until 1.43. */
export function nameless(version: ApiVersion, separator: ':' | '@'): readonly string[] {
  return isBefore(version, 43) ? [`<none>${separator}<none>`] : [];
}

const containerFields = {
  Hostname: '',
  Domainname: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Image: '',
};

/** The configuration of an image had the fields of a container's until 1.50. */
export function containerFieldsOfImage(version: ApiVersion): object {
  return isBefore(version, 50) ? containerFields : {};
}

/** The container that an image was committed from, until 1.45; empty, as of any image that was built. */
export function containerOfImage(version: ApiVersion): object {
  if (!isBefore(version, 45)) return {};
  const empty = { User: '', Env: null, Cmd: null, Volumes: null, WorkingDir: '', Entrypoint: null, OnBuild: null, Labels: null };
  return { Container: '', ContainerConfig: { ...containerFields, ...empty } };
}

/** Limits on the kernel's memory, which no kernel has any more, were there until 1.42. */
export function kernelMemory<T>(version: ApiVersion, value: T): object {
  return isBefore(version, 42) ? { KernelMemory: value, KernelMemoryTCP: value } : {};
}
