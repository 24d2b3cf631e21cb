export { createServer, type JockerServer, type ServerOptions } from './http/create-server.ts';
export type { RegisterRoutes } from './http/routes.ts';
export { registerNativeRoutes } from './native/register-native-routes.ts';
export { registerDockerRoutes } from './docker/register-docker-routes.ts';
export { dockerRoutes } from './docker/docker-routes.ts';
