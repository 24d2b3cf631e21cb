import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGeneratedImage, definePlugin, JockerError, type ImageSource, type Plugin, type TarMember } from '@jocker/core';
import { execa } from 'execa';
import { createGeneratedImages } from '../generated-images.ts';
import { HostTree, mergedDirectories, type HostFile } from './host-tree.ts';

const imagePath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const certificates = '/etc/ssl/certs/ca-certificates.crt';
const programsMax = 100;

export interface HostImageSourceOptions {
  /** Where programs are looked for; like the environment's PATH. */
  readonly searchPath: string;
}

/** `host:busybox`, `host:bash,ls,cat`: an image of programs of this machine. The same programs give the same image. */
export function createHostImageSource({ searchPath }: HostImageSourceOptions): ImageSource {
  const images = createGeneratedImages();
  return {
    name: 'host',
    schemes: ['host'],
    accepts: (reference) => reference.kind === 'scheme' && reference.scheme === 'host',
    async resolve(reference, { signal }) {
      const programs = reference.kind === 'scheme' ? parsePrograms(reference.location) : [];
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
      const image = await createGeneratedImage({
        layer: membersOf(tree.files),
        config: { env: [`PATH=${imagePath}`], command: [shell], workingDir: '/' },
        createdBy: reference.text,
        signal,
      });
      images.add(reference, image);
      return image.descriptor;
    },
    async fetch(reference, blob, offset) {
      return images.get(reference).fetch(blob, offset);
    },
    async release(reference) {
      await images.release(reference);
    },
  };
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
  const text = (content: string): HostFile => ({ type: 'file', content: Buffer.from(content), mode: 0o644 });
  tree.set('/etc/passwd', text('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'));
  tree.set('/etc/group', text('root:x:0:\nnogroup:x:65534:\n'));
  tree.set('/etc/nsswitch.conf', text('passwd: files\ngroup: files\nhosts: files dns\n'));
  const roots = await readFile(certificates).catch(() => undefined);
  if (roots !== undefined) tree.set(certificates, { type: 'file', content: roots, mode: 0o644 });
}

/** Sorted, with every parent before its children and no time of day, so that the digest depends on the content only. */
function* membersOf(files: ReadonlyMap<string, HostFile>): Generator<TarMember> {
  const all = new Map(files);
  for (const path of files.keys()) {
    for (let parent = path.slice(0, path.lastIndexOf('/')); parent !== ''; parent = parent.slice(0, parent.lastIndexOf('/')))
      if (!all.has(parent)) all.set(parent, { type: 'directory', mode: 0o755 });
  }
  for (const [path, file] of [...all].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const content = file.type === 'file' ? file.content : Buffer.alloc(0);
    yield {
      entry: {
        type: file.type,
        path: Buffer.from(file.type === 'directory' ? `${path.slice(1)}/` : path.slice(1)),
        linkPath: Buffer.from(file.type === 'symlink' ? file.target : ''),
        mode: file.type === 'symlink' ? 0o777 : file.mode,
        uid: 0,
        gid: 0,
        size: content.length,
        mtimeNs: 0n,
        deviceMajor: 0,
        deviceMinor: 0,
        xattrs: new Map(),
      },
      content: [content],
    };
  }
}
