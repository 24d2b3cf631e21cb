export { mountCalls as spawnMounts, type MountCall as SpawnMount } from '@jocker/core';
