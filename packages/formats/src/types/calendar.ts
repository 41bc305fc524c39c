/** A day of the proleptic Gregorian calendar. Year 0 is 1 BC. */
interface CivilDay {
  year: number;
  /** 1 to 12. */
  month: number;
  day: number;
}

/** From 0000-03-01, where the years of the algorithms below begin, to 1970-01-01. */
const DAYS_TO_1970 = 719_468;
const DAYS_OF_ERA = 146_097;
const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Converts days since 1970-01-01 to a date: https://howardhinnant.github.io/date_algorithms.html#civil_from_days
 *
 * @example
 * civilOfDays(19_782); // { year: 2024, month: 2, day: 29 }
 */
export function civilOfDays(days: number): CivilDay {
  const shifted = days + DAYS_TO_1970;
  const era = Math.floor(shifted / DAYS_OF_ERA);
  const dayOfEra = shifted - era * DAYS_OF_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  };
}

/**
 * Converts a date to days since 1970-01-01. Returns undefined if the month has no such day:
 * https://howardhinnant.github.io/date_algorithms.html#days_from_civil
 *
 * @example
 * daysOfCivil(2024, 2, 29); // 19782
 * daysOfCivil(2023, 2, 29); // undefined
 */
export function daysOfCivil(year: number, month: number, day: number): number | undefined {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const last = month === 2 && leap ? 29 : DAYS_OF_MONTH[month - 1];
  if (last === undefined || !(day >= 1 && day <= last)) return undefined;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_OF_ERA + dayOfEra - DAYS_TO_1970;
}
