import { JockerError } from '../errors/jocker-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { ImageIndex } from '../oci/manifest.ts';
import { formatPlatform } from '../oci/platform-text.ts';
import type { Platform } from '../oci/platform.ts';

/** Implied variants, and what else a processor of that kind runs, best first. */
const fallbacks: Readonly<Record<string, readonly (string | undefined)[]>> = {
  'arm64/v8': ['v8', undefined],
  'arm/v7': ['v7', 'v6', 'v5'],
  'arm/v6': ['v6', 'v5'],
  amd64: [undefined, 'v1'],
};

/** The image for a platform in an index. Throws `not-found` with the platforms on offer. */
export function choosePlatform(index: ImageIndex, wanted: Platform): Descriptor {
  const key = wanted.variant === undefined ? wanted.architecture : `${wanted.architecture}/${wanted.variant}`;
  const candidates = index.manifests.filter(
    ({ platform }) => platform === undefined || (platform.os === wanted.os && platform.architecture === wanted.architecture),
  );
  for (const variant of fallbacks[key] ?? [wanted.variant, undefined]) {
    const found = candidates.find(({ platform }) => platform !== undefined && platform.variant === variant);
    if (found !== undefined) return found;
  }
  const only = index.manifests.length === 1 ? candidates[0] : undefined;
  if (only !== undefined) return only;
  const offered = index.manifests.flatMap(({ platform }) =>
    platform === undefined || platform.os === 'unknown' ? [] : [formatPlatform(platform)],
  );
  throw new JockerError('not-found', `no image for ${formatPlatform(wanted)}; there are ${offered.join(', ') || 'none'}`, {
    details: { platform: formatPlatform(wanted), offered },
  });
}
