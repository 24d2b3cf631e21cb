import { nativePrefix } from '@jocker/protocol';
import { containerFileRoutes } from './container-file-routes.ts';
import { containerRoutes } from './container-routes.ts';
import { containerStreamRoutes } from './container-stream-routes.ts';
import { execRoutes } from './exec-routes.ts';
import { imageRoutes } from './image-routes.ts';
import type { NativeRoute } from './native-route.ts';
import { leaseRoutes } from './lease-routes.ts';
import { networkRoutes } from './network-routes.ts';
import { operationRoutes } from './operation-routes.ts';
import { pluginRoutes } from './plugin-routes.ts';
import { systemRoutes } from './system-routes.ts';
import { volumeRoutes } from './volume-routes.ts';
import { walkthroughRoutes } from './walkthrough-routes.ts';

export interface NativeSection {
  readonly title: string;
  readonly prefix: string;
  readonly routes: readonly NativeRoute[];
}

/** The whole native API, in the order of its reference. */
export const nativeApi: readonly NativeSection[] = [
  { title: 'System and events', prefix: nativePrefix, routes: systemRoutes },
  { title: 'Images', prefix: nativePrefix, routes: imageRoutes },
  { title: 'Containers', prefix: nativePrefix, routes: containerRoutes },
  { title: 'Logs, stats, attach', prefix: nativePrefix, routes: containerStreamRoutes },
  { title: 'Files of a container', prefix: nativePrefix, routes: containerFileRoutes },
  { title: 'Exec sessions', prefix: nativePrefix, routes: execRoutes },
  { title: 'Networks', prefix: nativePrefix, routes: networkRoutes },
  { title: 'Volumes', prefix: nativePrefix, routes: volumeRoutes },
  { title: 'Operations', prefix: nativePrefix, routes: operationRoutes },
  { title: 'Leases', prefix: nativePrefix, routes: leaseRoutes },
  { title: 'Plugins', prefix: nativePrefix, routes: pluginRoutes },
  { title: 'The two calls of the walkthrough', prefix: '', routes: walkthroughRoutes },
];
