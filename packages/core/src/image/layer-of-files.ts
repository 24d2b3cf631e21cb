import type { TarMember } from '../layer/tar-writer.ts';

/** Something in an image, owned by root. A string stands for a file that everybody may read. */
export type ImageFile =
  | string
  | { readonly type: 'file'; readonly content: Buffer | string; readonly mode: number }
  | { readonly type: 'symlink'; readonly target: string }
  | { readonly type: 'directory'; readonly mode: number };

/** By absolute path in the image. */
export type ImageFiles = ReadonlyMap<string, ImageFile> | Readonly<Record<string, ImageFile>>;

/**
 * The members of a layer that holds these files, every parent before its children (made when it is not named), with no time of
 * day and in a fixed order: the digest depends on the content only.
 */
export function* layerOfFiles(files: ImageFiles): Generator<TarMember> {
  const all = new Map<string, ImageFile>(files instanceof Map ? files : Object.entries(files));
  for (const path of all.keys()) {
    for (let parent = path.slice(0, path.lastIndexOf('/')); parent !== ''; parent = parent.slice(0, parent.lastIndexOf('/')))
      if (!all.has(parent)) all.set(parent, { type: 'directory', mode: 0o755 });
  }
  for (const [path, given] of [...all].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const file = typeof given === 'string' ? ({ type: 'file', content: given, mode: 0o644 } as const) : given;
    const content = file.type === 'file' ? Buffer.from(file.content) : Buffer.alloc(0);
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
