import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Wanted } from './parse-arguments.ts';

/** What a plugin is built and tested with, and what these need of ours. */
const ours = ['@jocker/core', '@jocker/native', '@jocker/testkit'];

/** Fills `directory`, which must be empty or not there, from the template of the kind. Answers with the files, relative. */
export async function writeTemplate(templates: string, { directory, name, kind, packages }: Wanted): Promise<readonly string[]> {
  const present = await readdir(directory).catch(() => []);
  if (present.length > 0) throw new Error(`${directory} is not empty`);
  const dependencies = packages === undefined ? undefined : await tarballs(packages);
  const written: string[] = [];
  for (const from of [join(templates, 'common'), join(templates, kind)]) {
    for (const entry of await readdir(from, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      // npm leaves .gitignore files out of a package, and TypeScript would compile sources in the template.
      const relative = path
        .slice(from.length + 1)
        .replace(/^gitignore$/, '.gitignore')
        .replace(/\.template$/, '');
      const content = (await readFile(path, 'utf8')).replaceAll('PLUGIN_NAME', name);
      const target = join(directory, relative);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(
        target,
        relative === 'package.json' && dependencies !== undefined ? withDependencies(content, dependencies) : content,
      );
      written.push(relative);
    }
  }
  return written.toSorted();
}

/** `file:` references to the packed packages of a folder. */
async function tarballs(folder: string): Promise<Readonly<Record<string, string>>> {
  const files = await readdir(folder);
  return Object.fromEntries(
    ours.map((name) => {
      const prefix = `${name.replace('@', '').replace('/', '-')}-`;
      const file = files.find((each) => each.startsWith(prefix) && each.endsWith('.tgz'));
      if (file === undefined) throw new Error(`there is no ${prefix}*.tgz in ${folder}`);
      return [name, `file:${join(folder, file)}`];
    }),
  );
}

function withDependencies(content: string, dependencies: Readonly<Record<string, string>>): string {
  const manifest = JSON.parse(content) as { readonly devDependencies: Readonly<Record<string, string>> };
  return `${JSON.stringify({ ...manifest, devDependencies: { ...manifest.devDependencies, ...dependencies } }, undefined, 2)}\n`;
}
