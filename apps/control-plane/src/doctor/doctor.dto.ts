import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { DoctorView } from './doctor.view.js';
import { AREAS, FINDING_STATUSES, type Area, type Finding, type FindingStatus } from './finding.js';

class FindingDto implements Finding {
  @ApiProperty({ enum: AREAS }) area: Area;
  @ApiProperty({ example: 'migrations', description: 'Which of the area’s.' }) check: string;
  @ApiProperty({
    enum: FINDING_STATUSES,
    description: '`warn`: it works, and somebody should look. `not-checked`: it could not be told.',
  })
  status: FindingStatus;
  @ApiProperty({ description: 'What was found, in words.' }) found: string;
  @ApiPropertyOptional({ description: 'What to do about it.', example: 'run main.migrate of this version' })
  fix?: string;
}

export class DoctorDto implements DoctorView {
  @ApiProperty({ enum: ['ok', 'warn', 'fail'], description: 'The worst of the findings.' })
  status: 'ok' | 'warn' | 'fail';
  @ApiProperty({ example: '0.1.0' }) version: string;
  @ApiProperty({ format: 'date-time' }) checkedAt: string;
  @ApiProperty({ type: [FindingDto] }) findings: readonly Finding[];
}
