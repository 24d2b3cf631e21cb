const names: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** This machine's architecture in the words of image configs; Node says `x64` where they say `amd64`. */
export function goArchitecture(nodeArchitecture: string): string {
  if (nodeArchitecture === 'ppc64') return 'ppc64le';
  return names[nodeArchitecture] ?? nodeArchitecture;
}
