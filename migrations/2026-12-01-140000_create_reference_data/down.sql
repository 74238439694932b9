DROP TABLE industries;
DROP TABLE countries;
DROP TABLE states;
DROP TABLE programmes;
DROP TABLE degrees;
DROP TABLE departments;
DROP TABLE faculties;
DROP TABLE reference_lists;
