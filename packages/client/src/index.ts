export { createJockerClient, type EventCalls, type JockerClient, type JockerClientOptions, type SystemCalls } from './jocker-client.ts';
export type { ContainerCalls, LogEntry, LogOptions, StopOptions } from './container-calls.ts';
export type { EventStreamOptions, FollowEvents } from './event-stream.ts';
export type { ExecCalls } from './exec-calls.ts';
export type { FileCalls } from './file-calls.ts';
export type { ImageCalls } from './image-calls.ts';
export type { OperationCalls } from './operation-calls.ts';
export type { PluginCalls } from './plugin-calls.ts';
export type { ProcessSession } from './process-session.ts';
