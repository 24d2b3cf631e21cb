import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  createGeneratedSource,
  definePlugin,
  JockerError,
  layerOfFiles,
  type ImageFile,
  type ImageSource,
  type Plugin,
} from '@jocker/core';
import { execa } from 'execa';
import { HostTree, mergedDirectories } from './host-tree.ts';

const imagePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const certificates = '/etc/ssl/certs/ca-certificates.crt';
const programsMax = 100;

export interface HostImageSourceOptions {
  /** Where programs are looked for; like the environment's PATH. */
  readonly searchPath: string;
}

/** `host:busybox`, `host:bash,ls,cat`: an image of programs of this machine. The same programs give the same image. */
export function createHostImageSource({ searchPath }: HostImageSourceOptions): ImageSource {
  return createGeneratedSource({
    scheme: 'host',
    async make(location, { signal }) {
      const programs = parsePrograms(location);
      const tree = new HostTree(searchPath);
      const paths: string[] = [];
      for (const program of programs) {
        signal.throwIfAborted();
        const path = await tree.addProgram(program);
        paths.push(path);
        if (basename(path) === 'busybox') await addApplets(tree, path);
      }
      await addBase(tree);
      const shell = tree.files.has('/usr/bin/sh') ? 'sh' : (paths[0] ?? 'sh');
      return {
        layer: layerOfFiles(tree.files),
        config: { env: [`PATH=${imagePath}`], command: [shell], workingDir: '/' },
      };
    },
  });
}

export const hostImageSource: Plugin = definePlugin({
  name: 'image-source-host',
  setup(jocker) {
    jocker.provide('imageSource', () => createHostImageSource({ searchPath: process.env['PATH'] ?? imagePath }));
  },
});

function parsePrograms(location: string): readonly string[] {
  const programs = location.split(',').map((program) => program.trim());
  const wrong = programs.find((program) => !/^(?:\/[^\0]*\/)?[A-Za-z0-9._+[\]-]+$/.test(program) || program === '.' || program === '..');
  if (wrong !== undefined) throw new JockerError('invalid-argument', `"${wrong}" is not the name of a program`);
  if (programs.length > programsMax) throw new JockerError('invalid-argument', `${programs.length} programs are more than ${programsMax}`);
  return programs;
}

/** The host's own busybox says which programs it is. */
async function addApplets(tree: HostTree, path: string): Promise<void> {
  const { stdout } = await execa(path, ['--list']);
  for (const applet of stdout.split('\n')) {
    if (/^[A-Za-z0-9._+[\]-]+$/.test(applet) && applet !== 'busybox')
      tree.set(`/usr/bin/${applet}`, { type: 'symlink', target: 'busybox' });
  }
}

async function addBase(tree: HostTree): Promise<void> {
  for (const directory of ['/dev', '/etc', '/home', '/proc', '/run', '/sys', '/usr/bin', '/usr/lib', '/usr/lib64', '/usr/sbin', '/var'])
    tree.set(directory, { type: 'directory', mode: 0o755 });
  tree.set('/root', { type: 'directory', mode: 0o700 });
  for (const directory of ['/tmp', '/var/tmp']) tree.set(directory, { type: 'directory', mode: 0o1777 });
  for (const name of mergedDirectories) tree.set(`/${name}`, { type: 'symlink', target: `usr/${name}` });
  const text = (content: string): ImageFile => ({ type: 'file', content: Buffer.from(content), mode: 0o644 });
  tree.set('/etc/passwd', text('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'));
  tree.set('/etc/group', text('root:x:0:\nnogroup:x:65534:\n'));
  tree.set('/etc/nsswitch.conf', text('passwd: files\ngroup: files\nhosts: files dns\n'));
  const roots = await readFile(certificates).catch(() => undefined);
  if (roots !== undefined) tree.set(certificates, { type: 'file', content: roots, mode: 0o644 });
}
