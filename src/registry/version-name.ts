import { isFamilyName, isVersionNumber } from './manifest.ts';
import type { ModelVersion } from './records.ts';

/**
 * Family and version in one word.
 * @example modelVersionOf({ family: 'trees', version: '1.0.3' }) // 'trees@1.0.3'
 */
export function modelVersionOf({ family, version }: { family: string; version: string }): ModelVersion {
  return `${family}@${version}`;
}

/**
 * The two parts of `trees@1.0.3`.
 * @returns null for a name that no version of the registry can have, such as a baseline's `majority@2021-11-05`
 */
export function parseModelVersion(name: ModelVersion): { family: string; version: string } | null {
  const [family = '', version = '', ...rest] = name.split('@');
  return isFamilyName(family) && isVersionNumber(version) && rest.length === 0 ? { family, version } : null;
}

/** Orders version numbers by their three parts: `1.0.9` before `1.0.10`. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [partsOf(left), partsOf(right)];
  return a.map((part, place) => part - (b[place] ?? 0)).find((difference) => difference !== 0) ?? 0;
}

/** Major, minor, patch. */
export function partsOf(version: string): [number, number, number] {
  const [major = NaN, minor = NaN, patch = NaN] = version.split('.').map(Number);
  return [major, minor, patch];
}
