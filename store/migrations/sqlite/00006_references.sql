-- +goose Up

-- A row that is deleted is looked for in the columns that refer to it. Without these indexes each
-- deletion looks the whole table through.
CREATE INDEX groups_tutor ON groups (tutor_id);
CREATE INDEX groups_subject ON groups (subject_id);
CREATE INDEX pupils_house ON pupils (house_id);
CREATE INDEX pupils_boarding_house ON pupils (boarding_house_id);
CREATE INDEX lesson_days_on_date ON lesson_days (on_date);
