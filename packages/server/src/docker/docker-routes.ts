import type { DockerRoute } from './docker-route.ts';
import { archiveRoutes } from './routes/archive-routes.ts';
import { containerRoutes } from './routes/container-routes.ts';
import { containerStreamRoutes } from './routes/container-stream-routes.ts';
import { execRoutes } from './routes/exec-routes.ts';
import { imageRoutes } from './routes/image-routes.ts';
import { networkRoutes } from './routes/network-routes.ts';
import { refusedRoutes } from './routes/refused-routes.ts';
import { systemRoutes } from './routes/system-routes.ts';
import { volumeRoutes } from './routes/volume-routes.ts';

/** Everything that answers; docs/reference/docker-compat.md is made from it. */
export const dockerRoutes: readonly DockerRoute[] = [
  ...systemRoutes,
  ...containerRoutes,
  ...containerStreamRoutes,
  ...archiveRoutes,
  ...execRoutes,
  ...imageRoutes,
  ...networkRoutes,
  ...volumeRoutes,
  ...refusedRoutes,
];
