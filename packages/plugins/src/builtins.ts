import type { EngineConfig, LoadedPluginEntry, Plugin } from '@jocker/core';
import { archiveSource } from './image-sources/archives/archives.ts';
import { hostImageSource } from './image-sources/host/host-image-source.ts';
import { ociLayoutSource } from './image-sources/oci-layout/oci-layout.ts';
import { registryImageSource } from './image-sources/registry/registry.ts';
import { rootfsArchiveSource } from './image-sources/rootfs-archive/rootfs-archive.ts';
import { bridgeNetworks } from './networks/bridge/bridge.ts';
import { crun } from './runtimes/crun/crun.ts';
import { runc } from './runtimes/runc/runc.ts';
import { copySnapshotter } from './snapshotters/copy/copy.ts';
import { overlaySnapshotter } from './snapshotters/overlay/overlay.ts';
import { localVolumes } from './volumes/local/local-volumes.ts';
import { specMutators } from './spec-mutators/spec-mutators.ts';

/**
 * All that ships, in order of loading. Order decides where the first wins: image sources by what they accept, snapshotters
 * and runtimes by what works on this machine.
 */
export function builtins(config: EngineConfig = {}): readonly LoadedPluginEntry[] {
  return [
    // Programs of this machine; needs no network.
    entry(hostImageSource),
    // Images and root file systems that lie on this machine.
    entry(ociLayoutSource),
    entry(archiveSource),
    entry(rootfsArchiveSource),
    // Everything that is no scheme of another source.
    entry(registryImageSource, { insecureRegistries: config.insecureRegistries ?? [], mirrors: config.mirrors ?? {} }),
    // From a request and an image to a config.json.
    entry(specMutators),
    // Layers shared by overlayfs; whole copies where that cannot be mounted.
    entry(overlaySnapshotter),
    entry(copySnapshotter),
    // A bridge and an nftables table per engine.
    entry(bridgeNetworks),
    // Folders in the data root.
    entry(localVolumes),
    // crun starts in half the time of runc.
    entry(crun),
    entry(runc),
  ];
}

function entry<Options>(plugin: Plugin<Options>, options?: Options): LoadedPluginEntry {
  return { plugin: plugin as Plugin<never>, options, builtIn: true };
}
