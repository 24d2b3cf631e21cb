import type { NetworkDriver } from '../network/network-driver.ts';
import type { VolumeDriver } from '../volume/volume-driver.ts';
import type { CreateRequest } from '../container/create-request.ts';
import type { ImageDestination } from '../image/image-destination.ts';
import type { ImageSource } from '../image/image-source.ts';
import type { OperationContext } from '../operation/operation-context.ts';
import type { RuntimeBackend } from '../runtime/runtime-backend.ts';
import type { Snapshotter } from '../snapshot/snapshotter.ts';
import type { SpecMutator } from '../spec/spec-mutator.ts';

/** Everything that a plugin can provide. */
export interface ExtensionPoints {
  /** The first whose `accepts()` is true; plugins of the user before built-in ones. */
  imageSource: ImageSource;
  /** The first whose `accepts()` is true. */
  imageDestination: ImageDestination;
  /** By name; the default is the first that probes well. */
  snapshotter: Snapshotter;
  /** All, in order of phase, then of `before` and `after`, then of loading. */
  specMutator: SpecMutator;
  /** By name; the default is the first that probes well. */
  runtimeBackend: RuntimeBackend;
  /** By name, as recorded with the network; the default is the first that probes well. */
  networkDriver: NetworkDriver;
  /** By name, as recorded with the volume; the default is the first that probes well. */
  volumeDriver: VolumeDriver;
  /** All, in order of `before` and `after`, then of loading; any may refuse. */
  admissionRule: AdmissionRule;
}

/** Asked before a container is created. A rule that throws refuses too, and is named. */
export interface AdmissionRule {
  readonly name: string;
  /** Names of rules that are asked after this one; one that is not there is no wish. */
  readonly before?: readonly string[];
  /** Names of rules that are asked before this one. */
  readonly after?: readonly string[];
  decide(request: CreateRequest, context: OperationContext): Promise<Admission> | Admission;
}
export type Admission = { readonly allowed: true } | { readonly allowed: false; readonly reason: string };
