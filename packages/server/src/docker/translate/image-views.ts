import {
  familiarReference,
  JockerError,
  parseReference,
  type ImageDetails,
  type ImageHistoryView,
  type ImageRunConfig,
  type ImageView,
} from '@jocker/core';
import { toHealthcheck } from './container-inspect.ts';
import { matchesLabel, type Filters } from './filters.ts';
import { matchesPattern } from './matches-pattern.ts';
import { containerFieldsOfImage, containerOfImage, nameless, virtualSize, type ApiVersion } from './older-versions.ts';
import { unixSeconds, zeroTime } from './timestamps.ts';

export const imageFilterNames: readonly string[] = ['before', 'dangling', 'label', 'reference', 'since', 'until'];

/** One entry of GET /images/json. */
export function toImageSummary(image: ImageView, version: ApiVersion, containers = -1): object {
  const hasName = image.references.length + image.repoDigests.length > 0;
  return {
    Id: image.id,
    ParentId: '',
    RepoTags: hasName ? image.references.map(familiarReference) : nameless(version, ':'),
    RepoDigests: hasName ? image.repoDigests.map(familiarReference) : nameless(version, '@'),
    Created: unixSeconds(image.created),
    Size: image.sizeBytes,
    ...virtualSize(version, image.sizeBytes),
    SharedSize: -1,
    Labels: Object.keys(image.labels).length === 0 ? null : image.labels,
    Containers: containers,
  };
}

/** GET /images/{name}/json. */
export function toImageInspect(image: ImageDetails, version: ApiVersion): object {
  return {
    Id: image.id,
    RepoTags: image.references.map(familiarReference),
    RepoDigests: image.repoDigests.map(familiarReference),
    Parent: '',
    Comment: image.comment,
    Created: image.created,
    DockerVersion: '',
    Author: image.author,
    ...containerOfImage(version),
    Config: { ...containerFieldsOfImage(version), ...toImageConfig(image.config) },
    Architecture: image.platform.architecture,
    ...(image.platform.variant === undefined ? {} : { Variant: image.platform.variant }),
    Os: image.platform.os,
    Size: image.sizeBytes,
    ...virtualSize(version, image.sizeBytes),
    GraphDriver: { Name: 'overlay', Data: {} },
    RootFS: { Type: 'layers', ...(image.diffIds.length === 0 ? {} : { Layers: image.diffIds }) },
    Metadata: { LastTagTime: image.lastTagged ?? zeroTime },
  };
}

function toImageConfig(config: ImageRunConfig): object {
  const keys = (names: readonly string[]): object => Object.fromEntries(names.map((name) => [name, {}]));
  return {
    ...(config.exposedPorts === undefined ? {} : { ExposedPorts: keys(config.exposedPorts) }),
    User: config.user ?? '',
    Env: config.env ?? null,
    Cmd: config.command ?? null,
    ...(config.healthcheck === undefined ? {} : { Healthcheck: toHealthcheck(config.healthcheck) }),
    Volumes: config.volumes === undefined ? null : keys(config.volumes),
    WorkingDir: config.workingDir ?? '',
    Entrypoint: config.entrypoint ?? null,
    OnBuild: config.onBuild ?? null,
    Labels: config.labels ?? null,
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    ...(config.shell === undefined ? {} : { Shell: config.shell }),
  };
}

export function toImageHistory(entry: ImageHistoryView): object {
  return {
    Id: entry.imageId ?? '<missing>',
    Created: unixSeconds(entry.created ?? zeroTime),
    CreatedBy: entry.createdBy ?? '',
    Tags: entry.references.length === 0 ? null : entry.references.map(familiarReference),
    Size: entry.sizeBytes,
    Comment: entry.comment ?? '',
  };
}

/** Newest first. Throws `not-found` for a before or since that is not there. */
export function selectImages(images: readonly ImageView[], filters: Filters): readonly ImageView[] {
  const newest = images.toSorted((a, b) => Date.parse(b.created) - Date.parse(a.created));
  const timeOf = (text: string): number => {
    const found = newest.find(
      (image) => image.id === text || image.id.startsWith(`sha256:${text}`) || image.references.includes(textOf(text)),
    );
    if (found === undefined) throw new JockerError('not-found', `No such image: ${text}`, { details: { reason: 'no-such-image' } });
    return Date.parse(found.created);
  };
  const [before] = filters.get('before').map(timeOf);
  const [since] = filters.get('since').map(timeOf);
  const dangling = filters.flag('dangling');
  return newest.filter(
    (image) =>
      (before === undefined || Date.parse(image.created) < before) &&
      (since === undefined || Date.parse(image.created) > since) &&
      (dangling === undefined || (image.references.length === 0) === dangling) &&
      filters.all('label', (value) => matchesLabel(image.labels, value)) &&
      filters.any('reference', (value) =>
        [...image.references, ...image.repoDigests].some((reference) => matchesReference(reference, value)),
      ),
  );
}

function textOf(text: string): string {
  try {
    return parseReference(text).text;
  } catch {
    return text;
  }
}

/** A shell pattern over the familiar name, with or without the tag. */
function matchesReference(reference: string, pattern: string): boolean {
  const familiar = familiarReference(reference);
  const name = familiar.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return matchesPattern(familiar, pattern) || matchesPattern(name, pattern);
}
