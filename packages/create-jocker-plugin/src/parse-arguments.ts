import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const kinds = ['image-source', 'spec-mutator', 'admission-rule'] as const;
type Kind = (typeof kinds)[number];

export interface Wanted {
  readonly directory: string;
  /** The npm name and the plugin's. */
  readonly name: string;
  readonly kind: Kind;
  /** A folder with packed @jocker packages, used instead of the registry. */
  readonly packages: string | undefined;
}

const usage = `usage: npm create jocker-plugin FOLDER [-- --kind ${kinds.join('|')}] [--packages FOLDER-OF-TARBALLS]`;

/** Throws an `Error` with one sentence for what is not understood. */
export function parseArguments(argv: readonly string[]): Wanted {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { kind: { type: 'string', default: 'image-source' }, packages: { type: 'string' } },
  });
  const [folder, ...more] = positionals;
  if (folder === undefined || more.length > 0) throw new Error(usage);
  const directory = resolve(folder);
  const name = basename(directory);
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new Error(`"${name}" cannot be the name of a plugin; use a-z, 0-9 and dashes`);
  const kind = kinds.find((known) => known === values.kind);
  if (kind === undefined) throw new Error(`there is no template ${values.kind}; there are ${kinds.join(', ')}`);
  return { directory, name, kind, packages: values.packages === undefined ? undefined : resolve(values.packages) };
}
