import type { Endpoint } from './endpoints.ts';
import { invalidInput } from './failures.ts';

/**
 * Checks of input before anything is sent: shapes X's API description closes, and ids, which go into paths. Rules
 * that X may change (text length, media mixing) are left to X.
 */
export function checkInputOf(endpoint: Endpoint) {
  const refuse = (field: string, message: string): never => {
    throw invalidInput(endpoint, field, message);
  };
  const check = {
    refuse,
    id(field: string, value: string | undefined) {
      if (value !== undefined && !/^[0-9]{1,19}$/.test(value)) refuse(field, 'must be 1 to 19 digits');
    },
    ids(field: string, values: readonly string[] | undefined) {
      values?.forEach((value, index) => check.id(`${field}.${index}`, value));
    },
    mediaKeys(field: string, values: readonly string[]) {
      check.size(field, values, 1, 100);
      const bad = values.findIndex((value) => !/^[0-9]+_[0-9]+$/.test(value));
      if (bad >= 0) refuse(`${field}.${bad}`, 'must be a media key such as 7_1234');
    },
    size(field: string, values: { length: number } | undefined, min: number, max: number) {
      if (values !== undefined && (values.length < min || values.length > max)) {
        refuse(field, `must have ${min} to ${max} entries`);
      }
    },
    integer(field: string, value: number | undefined, min: number, max: number) {
      if (value !== undefined && !(Number.isInteger(value) && value >= min && value <= max)) {
        refuse(field, `must be an integer from ${min} to ${max}`);
      }
    },
    languageCode(field: string, value: string) {
      if (!/^[A-Z]{2}$/.test(value)) refuse(field, 'must be two capital letters');
    },
    /** Epoch milliseconds as X's date-time, to the second. */
    time(field: string, value: number): string {
      if (!Number.isFinite(value) || Math.abs(value) > 8.64e15) refuse(field, 'must be epoch milliseconds');
      return `${new Date(value).toISOString().slice(0, -5)}Z`;
    },
  };
  return check;
}
