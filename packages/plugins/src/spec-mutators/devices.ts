import { stat } from 'node:fs/promises';
import { JockerError, type DeviceRequest, type OciDevice, type OciResources, type SpecMutator } from '@jocker/core';
import { hostDevice, hostDevicesBelow } from './host-device.ts';
import { checkedDestination } from './mount-destination.ts';

type DeviceRule = NonNullable<OciResources['devices']>[number];

/** Devices of the host, with the right to use them. */
export const devices: SpecMutator = {
  name: 'devices',
  phase: 'early',
  async mutate(draft, { request, rootfs }) {
    const made = new Map<string, OciDevice>((draft.linux.devices ?? []).map((device) => [device.path, device]));
    const rules: DeviceRule[] = [];
    for (const asked of request.devices ?? []) {
      const access = checkedAccess(asked.permissions === '' ? 'rwm' : asked.permissions, asked.pathOnHost);
      const destination = await checkedDestination(asked.pathInContainer === '' ? asked.pathOnHost : asked.pathInContainer, rootfs);
      for (const device of await devicesOf(asked, destination)) {
        made.set(device.path, device);
        rules.push({ allow: true, type: device.type, major: device.major, minor: device.minor, access });
      }
    }
    for (const rule of request.deviceCgroupRules ?? []) rules.push(parseRule(rule));
    if (made.size > 0) draft.linux.devices = [...made.values()];
    if (rules.length > 0) {
      const resources = (draft.linux.resources ??= {});
      resources.devices = [...(resources.devices ?? []), ...rules];
    }
  },
};

async function devicesOf(asked: DeviceRequest, destination: string): Promise<OciDevice[]> {
  if (!asked.pathOnHost.startsWith('/'))
    throw new JockerError('invalid-argument', `device ${JSON.stringify(asked.pathOnHost)} is not an absolute path`);
  const device = await hostDevice(asked.pathOnHost, destination);
  if (device !== undefined) return [device];
  const isFolder = (await stat(asked.pathOnHost)).isDirectory();
  const below = isFolder ? await hostDevicesBelow(asked.pathOnHost, destination) : [];
  if (below.length === 0) throw new JockerError('invalid-argument', `${asked.pathOnHost} is not a device`);
  return below;
}

function checkedAccess(text: string, what: string): string {
  if (/^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length) return text;
  throw new JockerError('invalid-argument', `device ${what}: permissions ${JSON.stringify(text)} are not of r, w and m`);
}

/** `c 1:3 rwm`; `*` for any number. */
function parseRule(text: string): DeviceRule {
  const [, type, major, minor, access] = /^([acb]) ([0-9]+|\*):([0-9]+|\*) ([rwm]{1,3})$/.exec(text) ?? [];
  if (type === undefined || access === undefined) {
    throw new JockerError('invalid-argument', `device cgroup rule ${JSON.stringify(text)} is not such as "c 1:3 rwm"`);
  }
  const rule: DeviceRule = { allow: true, type, access };
  if (major !== undefined && major !== '*') rule.major = Number(major);
  if (minor !== undefined && minor !== '*') rule.minor = Number(minor);
  return rule;
}
