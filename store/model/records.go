package model

// Each record tells its kind, and those that are no elements their row.

func (Staff) Entity() Entity { return StaffEntity }

func (Pupil) Entity() Entity { return PupilEntity }

func (Location) Entity() Entity { return LocationEntity }

func (Subject) Entity() Entity { return SubjectEntity }

func (House) Entity() Entity { return HouseEntity }

func (Group) Entity() Entity { return GroupEntity }

func (Membership) Entity() Entity { return MembershipEntity }

func (Era) Entity() Entity { return EraEntity }

func (Settings) Entity() Entity { return SettingsEntity }

func (Lesson) Entity() Entity { return LessonEntity }

func (Commitment) Entity() Entity { return CommitmentEntity }

func (Suspension) Entity() Entity { return SuspensionEntity }

func (GroupSuspension) Entity() Entity { return GroupSuspensionEntity }

func (Absence) Entity() Entity { return AbsenceEntity }

func (Pin) Entity() Entity { return PinEntity }

func (UnwantedDocument) Entity() Entity { return UnwantedEntity }

func (Datasource) Entity() Entity { return DatasourceEntity }

func (Pause) Entity() Entity { return PauseEntity }

func (m Membership) RowID() ID { return m.ID }

func (e Era) RowID() ID { return e.ID }

func (s Settings) RowID() ID { return s.ID }

func (l Lesson) RowID() ID { return l.ID }

func (c Commitment) RowID() ID { return c.ID }

func (s Suspension) RowID() ID { return s.ID }

func (g GroupSuspension) RowID() ID { return g.ID }

func (a Absence) RowID() ID { return a.ID }

func (p Pin) RowID() ID { return p.ID }

func (u UnwantedDocument) RowID() ID { return u.ID }

func (d Datasource) RowID() ID { return d.ID }

func (p Pause) RowID() ID { return p.ID }
