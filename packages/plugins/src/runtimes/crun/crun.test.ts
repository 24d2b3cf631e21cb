import { runtimeBackendContract } from '@jocker/core/testing';
import { createBusyboxHarness } from '../oci-cli/busybox-harness.ts';
import { crunCommandLine } from './crun.ts';

runtimeBackendContract('crun', () => createBusyboxHarness(crunCommandLine));
