/** ACPI tables of the board. */
export * from './tables.ts';
