import { asArray, asBoolean, asNumber, asObject, asString, JockerError, optional, type ResourceLimits } from '@jocker/core';
import type { FieldReader } from './field-reader.ts';

type Draft = { -readonly [K in keyof ResourceLimits]: ResourceLimits[K] };

/** The limits in HostConfig, which are the body of an update too. Zero means: not asked for. */
export function parseResources(fields: FieldReader): ResourceLimits {
  const draft: Draft = {};
  const number = (name: string, use: (value: number) => void): void =>
    fields.take(name, asNumber, (value) => {
      if (!Number.isSafeInteger(value)) throw new JockerError('invalid-argument', `${name} must be a whole number`);
      if (value !== 0) use(value);
    });
  number('Memory', (value) => (draft.memoryBytes = atLeastZero('Memory', value)));
  number('MemorySwap', (value) => (draft.memorySwapBytes = value));
  number('MemoryReservation', (value) => (draft.memoryReservationBytes = atLeastZero('MemoryReservation', value)));
  fields.take('MemorySwappiness', asNumber, (value) => {
    if (value > 100 || value < -1)
      throw new JockerError('invalid-argument', `invalid value: ${value}, valid memory swappiness range is 0-100`);
    if (value >= 0) draft.memorySwappiness = value;
  });
  fields.take('OomKillDisable', asBoolean, (value) => {
    if (value) draft.oomKillDisable = true;
  });
  number('NanoCpus', (value) => (draft.nanoCpus = atLeastZero('NanoCpus', value)));
  number('CpuShares', (value) => (draft.cpuShares = atLeastZero('CpuShares', value)));
  number('CpuPeriod', (value) => (draft.cpuPeriodUs = value));
  number('CpuQuota', (value) => (draft.cpuQuotaUs = value));
  fields.take('CpusetCpus', asString, (value) => {
    if (value !== '') draft.cpusetCpus = value;
  });
  fields.take('CpusetMems', asString, (value) => {
    if (value !== '') draft.cpusetMems = value;
  });
  number('PidsLimit', (value) => (draft.pidsLimit = value < 0 ? -1 : value));
  number('BlkioWeight', (value) => (draft.blkioWeight = value));
  const rates = [
    ['BlkioDeviceReadBps', 'blkioDeviceReadBps'],
    ['BlkioDeviceWriteBps', 'blkioDeviceWriteBps'],
    ['BlkioDeviceReadIOps', 'blkioDeviceReadIops'],
    ['BlkioDeviceWriteIOps', 'blkioDeviceWriteIops'],
  ] as const;
  for (const [name, key] of rates) {
    fields.take(name, asArray, (value) => {
      const list = value.map((item) => {
        const device = asObject(item, name);
        return { path: asString(device['Path'], `${name}.Path`), rate: optional(device['Rate'], `${name}.Rate`, asNumber) ?? 0 };
      });
      if (list.length > 0) draft[key] = list;
    });
  }
  if (draft.nanoCpus !== undefined && (draft.cpuPeriodUs !== undefined || draft.cpuQuotaUs !== undefined))
    throw new JockerError('invalid-argument', 'Conflicting options: Nano CPUs and CPU Period or Quota cannot both be set');
  fields.refuse('BlkioWeightDevice', '--blkio-weight-device is not supported');
  fields.refuse('CpuRealtimePeriod', '--cpu-rt-period is not supported');
  fields.refuse('CpuRealtimeRuntime', '--cpu-rt-runtime is not supported');
  // Gone from kernels and from Docker; old clients still send them.
  fields.ignore('KernelMemory', 'KernelMemoryTCP');
  return draft;
}

function atLeastZero(name: string, value: number): number {
  if (value < 0) throw new JockerError('invalid-argument', `${name} can not be less than 0`);
  return value;
}
