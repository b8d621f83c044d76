package isamstest

var (
	titles = []string{"Mr", "Mrs", "Ms", "Miss", "Dr", "Revd"}

	houseNames = []string{"Austin", "Brontë", "Crescent", "Davies", "O’Connell", "School House"}

	subjectNames = []string{
		"Mathematics", "English", "Physics", "Chemistry", "Biology", "French", "German", "Spanish", "History",
		"Geography", "Latin", "Music", "Art", "Drama", "Computing", "Religious Studies", "Economics",
		"Physical Education",
	}

	subjectCodes = []string{
		"Mat", "Eng", "Phy", "Che", "Bio", "Fre", "Ger", "Spa", "His", "Geo", "Lat", "Mus", "Art", "Dra", "Com", "Rel",
		"Eco", "PE",
	}

	// Accents, apostrophes of both kinds, hyphens, spaces and other scripts: whatever
	// a name can hold, some pupil's does.
	forenames = []string{
		"Zoë", "Ömer", "Ann", "Siân", "D’Arcy", "Jean-Luc", "Mohammed", "Aoife", "Łukasz", "Chloé", "Ngọc", "Olga",
		"Renée", "Søren", "Tom", "Priya", "Björk", "Adaeze", "Wei", "李", "Ольга", "Íñigo", "Mary Ann", "Ben",
		"Grace", "Harriet", "Isaac", "Joshua", "Kwame", "Layla", "Maximilian", "Noah", "Oscar", "Poppy",
		"Quentin", "Rosa",
	}

	surnames = []string{
		"O’Brien", "O'Neill", "Khan", "Lee", "García-Márquez", "van der Berg", "Müller", "St. John", "Nguyễn", "Smith",
		"Jones", "Žižek", "Ó Súilleabháin", "D'Souza", "Åkesson", "Петрова", "王", "Fitzgerald & Sons",
		"de la Cruz", "MacDonald", "Obi", "Patel", "Quinn", "Rossi", "Taylor", "Uddin", "Vaughan",
		"Wright", "Yıldız", "Zhao",
	}
)
