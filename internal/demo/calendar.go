package demo

import (
	"math/rand/v2"
	"time"
)

// day is an hour of a day so many days ago, UTC.
func (f *filling) day(ago int, hour float64) time.Time {
	midnight := time.Date(f.now.Year(), f.now.Month(), f.now.Day()-ago, 0, 0, 0, 0, time.UTC)
	return midnight.Add(time.Duration(hour * float64(time.Hour)))
}

// working is some moment of a company's working hours so many days ago, which
// begin at eight and end at half past five.
func (f *filling) working(c *companyOnStage, ago int) time.Time {
	d := f.day(ago, 0)
	zone, err := time.LoadLocation(c.zone)
	if err != nil {
		zone = time.UTC
	}
	return time.Date(d.Year(), d.Month(), d.Day(), 8, 0, 0, 0, zone).Add(time.Duration(f.random.IntN(570*60)) * time.Second).UTC()
}

// workday draws one of the days from from to until (both ago, from the earlier)
// on which people are at work: seldom at weekends, not often in the holidays.
func (f *filling) workday(from, until int) int {
	day := until
	for range 8 {
		day = until + f.random.IntN(from-until+1)
		d := f.day(day, 12)
		switch weekend, away := d.Weekday() == time.Saturday || d.Weekday() == time.Sunday, holidays(d); {
		case weekend && !f.one(9), away && !f.one(4):
			continue
		}
		return day
	}
	return day
}

// holidays are the days around the turn of the year, and those of high summer.
func holidays(d time.Time) bool {
	switch d.Month() {
	case time.December:
		return d.Day() >= 24
	case time.January:
		return d.Day() <= 2
	case time.August:
		return d.Day() >= 8 && d.Day() <= 22
	default:
		return false
	}
}

// ago is a moment of the last hours.
func (f *filling) ago(minutes int) time.Time {
	return f.now.Add(-time.Duration(minutes) * time.Minute)
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }
